// Texts of what parts draw of themselves and of the connection table: { key: [English, 简体中文] }.
export const parts = {
  'plot.label': ['Picture of {title}', '{title}的图像'],
  'plot.histogram': [
    'grey: the values of {source} now, for the watched sample',
    '灰色：当前样本下 {source} 的值',
  ],
  'plot.outside': ['{share} outside', '{share} 在范围外'],
  'table.label': [
    'Connections of output maps (rows) to input maps (columns)',
    '输出特征图（行）与输入特征图（列）的连接',
  ],
  'table.all': ['every map reads all', '每张特征图与全部相连'],
  'table.choose': ['Choose', '自选'],
  'table.clear': ['All', '全部'],
  'table.cell': ['map {row} reads input {column}', '第 {row} 张特征图读取输入 {column}'],
  'table.count': ['{count} connections', '{count} 条连接'],
  'example.shown': ['Example: {title}', '示例：{title}'],
} as const;
