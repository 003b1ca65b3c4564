// Texts of data sets made of tokens, loaded with their views: samples to read, the answer at every step. { key: [English, 简体中文] }.
export const reading = {
  'reading.answers': ['At every step', '每个时刻的答案'],
  'reading.right': ['{right} of {count} right', '{count} 个中答对 {right} 个'],
  'reading.help': [
    'The deeper the ground of a token, the likelier it was to the network. Point at one, or go there with the arrow keys.',
    '词元底色越深，网络当时认为它越有可能。指向某个词元，或用方向键移动。',
  ],
  'reading.at': ['At “{token}”', '“{token}”处'],
  'reading.is': ['right: “{token}”', '正确：“{token}”'],
  'reading.none': ['Answers appear once a network is there.', '有网络后会显示答案。'],
} as const;
