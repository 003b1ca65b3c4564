// Texts of the health of derivatives over time. { key: [English, 简体中文] }.
export const health = {
  'vitals.open': ['over time', '随时间'],
  'vitals.openHelp': [
    'Derivatives by the outputs, gradients and updates of every layer over the steps of the run',
    '运行各步中每一层对输出的导数、梯度与更新量',
  ],
  'vitals.title': ['Health of the derivatives', '导数的健康状况'],
  'vitals.measure': ['Measure', '指标'],
  'vitals.sensitivity': ['by the output |∂E/∂x|', '对输出的导数 |∂E/∂x|'],
  'vitals.gradient': ['gradient |∂E/∂W|', '梯度 |∂E/∂W|'],
  'vitals.update': ['update ÷ weights |ΔW|/|W|', '更新量与权值之比 |ΔW|/|W|'],
  'vitals.dead': ['dead units', '死亡单元'],
  'vitals.saturated': ['saturated cells', '饱和格'],
  'vitals.sensitivityHelp': [
    'Length of ∂E/∂x over the whole batch, x the output of the layer. Where it shrinks from layer to layer towards the input, the gradient vanishes.',
    '整个批次上 ∂E/∂x 的长度，x 为该层的输出。若朝输入方向逐层变小，即为梯度消失。',
  ],
  'vitals.gradientHelp': [
    'Length of ∂E/∂W over all parameters of the layer, before any clipping.',
    '该层全部参数的 ∂E/∂W 的长度，截断之前。',
  ],
  'vitals.updateHelp': [
    'Length of one update divided by the length of the layer’s weights. About 10⁻³ is a common rule of thumb.',
    '一步更新量的长度与该层权值长度之比。常用经验值约为 10⁻³。',
  ],
  'vitals.deadHelp': [
    'Units of a ReLU whose slope is exactly 0 for every sample of the batch: nothing flows back through them.',
    'ReLU 中对批次内所有样本导数都恰为 0 的单元：没有任何量能经其反向传播。',
  ],
  'vitals.saturatedHelp': [
    'Cells of a sigmoid or tanh whose slope is less than a tenth of the steepest.',
    'Sigmoid 或 tanh 中导数不足最大导数十分之一的格。',
  ],
  'vitals.along': ['Draw', '绘制'],
  'vitals.time': ['over time', '随时间'],
  'vitals.depth': ['by depth', '随深度'],
  'vitals.step': ['step {step}', '第 {step} 步'],
  'vitals.stepSlider': ['Step that is read', '读取的步'],
  'vitals.chartTime': [
    'Chart: {measure} of {count} layers from step {from} to step {to}',
    '图表：{count} 层的{measure}，第 {from} 步至第 {to} 步',
  ],
  'vitals.chartDepth': [
    'Chart: {measure} of {count} layers at step {step}, from input to output',
    '图表：第 {step} 步时 {count} 层的{measure}，从输入到输出',
  ],
  'vitals.layers': ['Layers', '各层'],
  'vitals.none': ['none', '无'],
  'vitals.noneHelp': [
    'No gradient reaches it, or it has no weights that are trained. That is not zero.',
    '没有梯度到达，或没有可训练的权值。这不等于零。',
  ],
  'vitals.low': ['below {bound}', '低于 {bound}'],
  'vitals.high': ['above {bound}', '高于 {bound}'],
  'vitals.zero': ['exactly zero', '恰为零'],
  'vitals.broken': ['not a finite number', '非有限数'],
  'vitals.ok': ['in range', '正常'],
  'vitals.entry': ['{node}: {value}, {state}', '{node}：{value}，{state}'],
  'vitals.noLayer': ['No layer of this network has this measure.', '该网络没有任何层具有此指标。'],
  'vitals.noRun': [
    'There is no run yet, and so no gradient. Press Play, or make one step.',
    '尚无运行，也就没有梯度。请开始训练或训练一步。',
  ],
  'vitals.reading': ['reading earlier steps…', '正在读取较早的步…'],
  'vitals.failed': ['This could not be read.', '无法读取。'],
  'vitals.retry': ['Try again', '重试'],
} as const satisfies Record<string, readonly [string, string]>;
