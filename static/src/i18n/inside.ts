// Texts of what layers hold inside during a pass, loaded with the layer view. { key: [English, 简体中文] }.
export const inside = {
  'inside.mask': ['mask: 0 or 1/(1−p)', '掩码：0 或 1/(1−p)'],
  'inside.probability': ['probability of every cell', '每格的概率'],
  'inside.drawn': ['drawn: 1 in every block', '抽中：每块一格'],
  'inside.normalised': ['x̂ = (x − μ)/σ', 'x̂ = (x − μ)/σ'],
  'inside.down': ['down(x)', 'down(x)'],
  'inside.straight': ['straight: γδ/σ', '直接：γδ/σ'],
  'inside.through_mean': ['through μ', '经 μ'],
  'inside.through_variance': ['through σ²', '经 σ²'],
  'inside.weight_terms': ['δ ∘ down(x), summed: ∂E/∂β', 'δ ∘ down(x)，求和得 ∂E/∂β'],
  'inside.batch': ['of the batch, map {map}', '该批次，特征图 {map}'],
  'inside.block': ['block ({row}, {column})', '块（{row}, {column}）'],
  'inside.share': ['{share} %, drawn', '{share} %，抽中'],
  'inside.of': ['{what} · {node}', '{what} · {node}'],
} as const;
