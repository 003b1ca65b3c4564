// Texts of the graph on the stage: wires, copies, memory. { key: [English, 简体中文] }.
export const builder = {
  'wiring.between': ['goes between {from} and {to}', '加在 {from} 与 {to} 之间'],
  'wiring.addBetween': ['Add a layer between {from} and {to}', '在 {from} 与 {to} 之间添加层'],
  'wiring.cut': ['Cut the wire from {from} to {to}', '断开 {from} 到 {to} 的连线'],
  'wiring.cutDone': ['The wire from {from} to {to} is cut', '已断开 {from} 到 {to} 的连线'],
  'wiring.port': [
    'Draw a wire from {id}: drag to a layer, or press and choose one (W)',
    '从 {id} 连线：拖到某一层，或点击后选择（W）',
  ],
  'wiring.started': [
    'Wire from {id}: arrow keys choose a layer, Enter connects, Esc cancels.',
    '从 {id} 连线：方向键选择层，回车连接，Esc 取消。',
  ],
  'wiring.none': ['No layer can take a wire from {id}.', '没有可接收 {id} 输出的层。'],
  'wiring.cancelled': ['No wire drawn', '已取消连线'],
  'wiring.done': ['{to} now reads from {from}', '{to} 现在读取 {from}'],
  'wiring.self': ['A layer cannot read from itself.', '层不能读取自己。'],
  'wiring.loop': [
    '{from} already depends on {to}: the wire would close a loop.',
    '{from} 依赖于 {to}：这条连线会形成环路。',
  ],
  'wiring.already': ['{to} reads from {from} already.', '{to} 已经读取 {from}。'],
  'wiring.full': ['{to} takes no further input.', '{to} 不能再接更多输入。'],
  'wiring.input': ['Nothing can be wired into the input.', '输入不能接收连线。'],
  'wiring.choice': [
    '{to} takes one input and has {old}. How should {from} come in?',
    '{to} 只接受一个输入，已读取 {old}。{from} 如何接入？',
  ],
  'wiring.replace': ['In place of {old}', '取代 {old}'],
  'wiring.join': ['Combine with {title}', '用“{title}”合并'],
  'wiring.hint': [
    'Wire from {id} — choose a layer · Enter connects · Esc cancels',
    '从 {id} 连线 — 选择一层 · 回车连接 · Esc 取消',
  ],
  'wiring.touch': ['Wire from {id} — tap a layer', '从 {id} 连线 — 点按一层'],

  'clip.copied': ['{count} layers copied', '已复制 {count} 层'],
  'clip.cut': ['{count} layers cut', '已剪切 {count} 层'],
  'clip.pasted': ['{ids} pasted after {after}', '已将 {ids} 粘贴到 {after} 之后'],
  'clip.picked': ['{count} layers selected', '已选择 {count} 层'],
  'clip.removed': ['{count} layers removed', '已删除 {count} 层'],

  'stage.fit': ['Show the whole network (F)', '显示整个网络（F）'],
  'stage.fitBack': ['Back to full size (F)', '恢复原大小（F）'],
  'stage.find': ['Find a layer', '查找层'],
  'stage.findNone': ['No layer is called that', '没有这个名称的层'],

  'memory.layer': [
    '{total} in a step of {batch}: outputs and their gradients {activations}, weights and theirs {weights}, optimiser {optimizer}',
    '每步（批量 {batch}）{total}：输出及其梯度 {activations}，权值及其梯度 {weights}，优化器 {optimizer}',
  ],
  'memory.total': [
    'One training step with batches of {batch}: {activations} for outputs and their gradients, {weights} for weights and theirs, {optimizer} for the optimiser.',
    '批量为 {batch} 的一个训练步：输出及其梯度 {activations}，权值及其梯度 {weights}，优化器 {optimizer}。',
  ],
  'memory.fits': [
    'Fits on {device} ({limit}); so would batches of up to {largest}.',
    '{device}（{limit}）可容纳；批量最大可到 {largest}。',
  ],
  'memory.tooLarge': [
    'Does not fit on {device}, where a step may take {limit}.',
    '{device} 无法容纳：一个训练步最多可用 {limit}。',
  ],
  'memory.use': ['batch {size}', '批量 {size}'],
  'memory.useHelp': [
    'Does not fit on {device}; batches of {size} do. Click to use them.',
    '{device} 无法容纳；批量 {size} 可以。点击采用。',
  ],
  'memory.never': ['too large for {device}', '{device} 无法容纳'],
  'memory.ok': ['fits', '可容纳'],
  'memory.partial': ['only the layers before the error', '仅统计出错层之前'],
  'memory.gib': ['{size} GiB', '{size} GiB'],

  'keys.wire': ['Draw a wire from the layer in focus', '从焦点所在的层连线'],
  'keys.copy': ['Copy, cut, paste, duplicate layers', '复制、剪切、粘贴、重复层'],
  'keys.pick': ['Select further layers', '选择更多层'],
  'keys.fit': ['Show the whole network', '显示整个网络'],
  'keys.find': ['Find a layer', '查找层'],
} as const;
