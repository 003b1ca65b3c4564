// Texts of word vectors and of asking the network in words; loaded with their panels. { key: [English, 简体中文] }.
export const words = {
  'vectors.title': ['Word vectors', '词向量'],
  'vectors.find': ['Find near words', '查找相近的词'],
  'vectors.findHelp': [
    'A word, or a sum such as: king − man + woman',
    '输入一个词，或算式，例如：king − man + woman',
  ],
  'vectors.none': [
    'This network has no embedding over words. The preset “Word vectors” has one; so has any network that begins with an embedding layer.',
    '该网络没有词的嵌入层。可打开预设“词向量”，或在网络开头加入嵌入层。',
  ],
  'vectors.nearest': ['Nearest to {of}', '与 {of} 最近的词'],
  'vectors.cosineHelp': [
    'Of the angle between the two vectors: 1 the same direction, 0 nothing in common',
    '两个向量夹角的余弦：1 表示同方向，0 表示毫不相关',
  ],
  'vectors.step': ['step {step}', '第 {step} 步'],
  'vectors.map': [
    'Map of {count} word vectors; nearest to {of}: {near}',
    '{count} 个词向量的平面图；与 {of} 最近：{near}',
  ],
  'vectors.share': [
    'Two principal components hold {share} of the variance',
    '两个主成分占方差的 {share}',
  ],
  'vectors.shareHelp': [
    'The plane along which the shown vectors differ most. What differs in other directions cannot be seen here; the list uses all {size} numbers.',
    '所示向量差异最大的平面。其他方向的差异在此看不到；列表使用全部 {size} 个数。',
  ],
  'vectors.shown': ['words shown', '显示词数'],
  'vectors.rank': ['starting at frequency rank', '起始词频排名'],
  'vectors.large': ['Large', '放大'],
  'vectors.waiting': ['Asking the network…', '正在询问网络…'],
  'vectors.start': [
    'The vectors begin at random: press Play, and words that are used alike move together.',
    '词向量从随机值开始：点“训练”，用法相近的词会逐渐靠拢。',
  ],

  'ask.title': ['In your own words', '自己输入'],
  'ask.sentence': ['A sentence', '一个句子'],
  'ask.name': ['A name', '一个名字'],
  'ask.none': [
    'This network does not read words or letters. Open a preset such as “Part of speech” or “Names”.',
    '该网络的输入不是词或字母。请打开“词性标注”或“人名分类”等预设。',
  ],
  'ask.reads': ['{count} of at most {limit}', '{count} 个，至多 {limit} 个'],
  'ask.tooLong': [
    'The network reads {limit} words at most; this has {count}. Shorten it, or choose a longer “longest sentence” under Data.',
    '网络至多读 {limit} 个词，此处有 {count} 个。请缩短，或在“数据”中增大“最长句子”。',
  ],
  'ask.unknown': ['not among the known words: read as {shown}', '不在词表中：按 {shown} 读入'],
  'ask.unknownNote': [
    '{count} not among the known words; read by their spelling',
    '{count} 个词不在词表中，按拼写形式读入',
  ],
  'ask.step': ['after step {step}', '第 {step} 步之后'],
  'ask.example': ['Try', '试试'],
} as const;
