// Texts of the presets' menu, of reconstructions and of predictions that are numbers: { key: [English, 简体中文] }.
export const presets = {
  'presets.reaches': ['{figure} · {epochs} epochs', '{figure} · {epochs} 轮'],
  'presets.accuracy': ['≥ {value}', '≥ {value}'],
  'presets.perplexity': ['perplexity ≤ {value}', '困惑度 ≤ {value}'],
  'presets.loss': ['loss ≤ {value}', '损失 ≤ {value}'],
  'presets.staysBelow': ['≤ {value}', '≤ {value}'],

  'target.title': ['Learns', '学习目标'],
  'target.label': ['the data’s targets', '数据的目标'],
  'target.input': ['its own input', '自身的输入'],

  'reconstruction.title': ['Reconstruction', '重建'],
  'reconstruction.input': ['input', '输入'],
  'reconstruction.output': ['output', '输出'],
  'reconstruction.difference': ['output − input', '输出 − 输入'],
  'reconstruction.loss': ['loss of this sample', '该样本的损失'],
  'reconstruction.most': ['largest error', '最大误差'],
  'reconstruction.value': ['value', '数值'],
  'reconstruction.plane': [
    'Dots: where the points end up. Colour: how far every place of the plane is moved.',
    '圆点：各点被重建到的位置。颜色：平面上每一处被移动的距离。',
  ],
  'reconstruction.noAccuracy': [
    'The network reconstructs its input: there is no right or wrong, only the loss.',
    '网络重建自己的输入：没有对错之分，只看损失。',
  ],

  'prediction.target': ['target {value}, off by {miss}', '目标 {value}，偏差 {miss}'],
} as const satisfies Record<string, readonly [string, string]>;
