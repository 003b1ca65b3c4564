// Texts of data sets made of tokens, loaded with their views: samples to read, the answer at every step. { key: [English, 简体中文] }.
export const reading = {
  'reading.answers': ['At every step', '每个时刻的预测'],
  'reading.right': ['{right} of {count} right', '{count} 个中预测正确 {right} 个'],
  'reading.help': [
    'The darker the background of a token, the higher the probability that the network gave it. Point at a token, or use the arrow keys.',
    '底色越深，网络给该词元的概率越大。指向词元查看，或用方向键移动。',
  ],
  'reading.at': ['At “{token}”', '“{token}”处'],
  'reading.is': ['right: “{token}”', '正确：“{token}”'],
  'reading.none': ['Predictions appear once a run has started.', '开始运行后会显示预测。'],
} as const;
