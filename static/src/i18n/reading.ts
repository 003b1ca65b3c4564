// Texts of data sets made of tokens, loaded with their views: samples to read, the answer at every step. { key: [English, 简体中文] }.
export const reading = {
  'reading.samples': ['Samples', '样本'],
  'reading.more': ['More samples', '更多样本'],
  'reading.own': ['Your text', '自己的文本'],
  'reading.ownHelp': [
    'What is to be learned, up to {most} characters; taken over when you leave the field.',
    '要学习的文本，至多 {most} 个字符；离开输入框后生效。',
  ],
  'reading.count': ['{count} of {most} characters', '{count} / {most} 个字符'],
  'reading.answers': ['At every step', '每个时刻的答案'],
  'reading.right': ['{right} of {count} right', '{count} 个中答对 {right} 个'],
  'reading.help': [
    'The deeper the ground of a token, the likelier it was to the network. Point at one, or go there with the arrow keys.',
    '词元底色越深，网络当时认为它越有可能。指向某个词元，或用方向键移动。',
  ],
  'reading.after': ['After “{token}”', '“{token}”之后'],
  'reading.at': ['At “{token}”', '“{token}”处'],
  'reading.is': ['right: “{token}”', '正确：“{token}”'],
  'reading.none': ['Answers appear once a network is there.', '有网络后会显示答案。'],
  'reading.space': ['space', '空格'],
  'reading.newline': ['line end', '换行'],
} as const;
