// Texts of the views of texts and made sequences: samples, reading along, writing. { key: [English, 简体中文] }.
import { translator } from './index.svelte';

export const text = {
  samples: ['Samples', '样本'],
  sample: ['sample {index}: {line}', '样本 {index}：{line}'],
  tokens: ['The {count} tokens that are read', '读到的 {count} 个词元'],
  own: ['Your own', '自己的输入'],
  ownText: ['Your own text, at any time', '随时输入自己的文本'],
  ownHelp: [
    'The network reads it at once, while it trains too: up to {count} characters of its vocabulary.',
    '网络会立即读取，训练时也可以：至多 {count} 个字符，须在词表之内。',
  ],
  'help.bits': ['{steps} bits, 0 or 1', '{steps} 个比特：0 或 1'],
  'help.symbols': ['{steps} letters of: {letters}', '{steps} 个字母，取自：{letters}'],
  'help.marked': [
    '{steps} numbers with spaces between; * marks one: 0.25 0.5*',
    '{steps} 个数，以空格分隔；* 表示标记：0.25 0.5*',
  ],
  'help.values': [
    '{steps} numbers with spaces between; a comma between values of one time step',
    '{steps} 个数，以空格分隔；同一时刻的多个值以逗号分隔',
  ],
  wrong: [
    '“{entry}” (number {place}) is not allowed here. Enter the values as described here.',
    '第 {place} 个值“{entry}”不合要求。请按说明输入。',
  ],
  count: [
    '{count} values entered; the network needs {steps}. Add or remove some.',
    '已输入 {count} 个值，网络需要 {steps} 个。请增减。',
  ],
  unknown: [
    '{characters} not in the vocabulary of this text ({count} characters). It has for instance: {some}',
    '{characters} 不在该文本的词表中（共 {count} 个字符）。词表中有例如：{some}',
  ],
  tooLong: [
    '{count} characters; the network reads {steps} at most. Shorten it, or make the window longer.',
    '共 {count} 个字符；网络至多读取 {steps} 个。请缩短，或加大窗口长度。',
  ],
  empty: ['Type something to read.', '请输入要读取的内容。'],
  loading: ['Reading the text…', '正在读取文本…'],
  reading: ['What the network reads', '网络读到的内容'],
  readHelp: [
    'Point at a character, or use the arrow keys: what the network expects after it. Background: the chosen unit.',
    '指向一个字符或用方向键：显示网络认为其后会出现什么。背景色为所选单元的值。',
  ],
  after: ['After “{token}” the network expects', '“{token}”之后，网络预期'],
  truth: ['what follows', '实际后续'],
  colour: ['Coloured by', '着色依据'],
  layer: ['layer', '层'],
  quantity: ['value', '量'],
  unit: ['unit', '单元'],
  value: ['{name}[{unit}](t = {step}) = {value}', '{name}[{unit}](t = {step}) = {value}'],
  writing: ['What the network writes', '网络写出的内容'],
  prompt: ['beginning', '开头'],
  length: ['length', '长度'],
  temperature: ['temperature', '温度'],
  temperatureHelp: [
    'The outputs are divided by it before softmax. 0 always takes the most probable token; higher values make the text more random.',
    '抽样前，各输出先除以温度。0 表示总取概率最大的词元；温度越高，结果越随机。',
  ],
  topK: ['top-k', 'top-k'],
  topKHelp: [
    'Draw only among the k most probable tokens; 0: among all.',
    '只在概率最大的 k 个词元中抽取；0 表示全部。',
  ],
  seed: ['seed', '随机种子'],
  live: ['anew while it trains', '训练时不断重写'],
  write: ['Write', '续写'],
  busy: ['Writing…', '正在写…'],
  nothing: [
    'The network has written nothing yet: press Write or train.',
    '尚未写出内容：请点“续写”或开始训练。',
  ],
  step: ['step {step}', '第 {step} 步'],
  written: ['Written after step {step}', '第 {step} 步后写出'],
  history: ['Earlier', '此前'],
  rivals: ['“{token}” {share}; rivals: {rivals}', '“{token}” {share}；其他可能：{rivals}'],
  upload: ['Text file…', '文本文件…'],
  uploadHelp: [
    'A plain text file (UTF-8) of up to {most} characters',
    '纯文本文件（UTF-8），至多 {most} 个字符',
  ],
  learn: ['Text to learn', '要学习的文本'],
  learnAt: ['Learn this text (new run)', '学习此文本（新运行）'],
  fileLong: [
    'The file has {count} characters; {most} are learned at most.',
    '文件有 {count} 个字符；至多学习 {most} 个。',
  ],
  fileWrong: ['This is no plain text in UTF-8.', '这不是 UTF-8 纯文本。'],
  short: ['At least {least} characters.', '至少 {least} 个字符。'],
  unrolled: ['The text through the layer', '文本逐时刻通过该层'],
} as const;

export const x = translator(text);
