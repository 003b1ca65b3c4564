// Texts of the opened step of time of a recurrent layer. { key: [English, 简体中文] }.
import { translator } from './index.svelte';

export const moment = {
  label: ['Unit {unit} of {id} at t = {step}', '{id} 的单元 {unit}，t = {step}'],
  unit: ['unit', '单元'],
  step: ['t', 't'],
  of: ['of {count}', '共 {count}'],
  map: ['{name} of all units over time', '各单元的 {name} 随时间的变化'],
  mapHelp: [
    'Arrow keys choose: left and right the time, up and down the unit.',
    '方向键选择：左右为时刻，上下为单元。',
  ],
  axis: ['time →', '时间 →'],
  curves: ['This unit over time', '该单元随时间的变化'],
  show: ['Show {name} of all units above', '在上方显示各单元的 {name}'],
  diagram: ['The cell at t = {step}', 't = {step} 时的循环单元'],
  input: ['{count} values', '{count} 个值'],
  backwards: ['This unit reads backwards: it comes from t + 1.', '该单元逆向读取：由 t + 1 而来。'],
  waiting: ['Waiting for the numbers of this step…', '正在等待这一步的数值…'],
  unfolded: [
    'One step is unfolded, and its batch is shown. Fold it up (Esc) to see the numbers of the watched sample here.',
    '当前展开了某一步，显示的是其批次。收起（Esc）后，此处显示当前样本的数值。',
  ],
  elman: ['uₜ = U xₜ + W sₜ₋₁ + b,  sₜ = φ(uₜ)', 'uₜ = U xₜ + W sₜ₋₁ + b，sₜ = φ(uₜ)'],
  jordan: [
    'uₜ = U xₜ + W oₜ₋₁ + b,  sₜ = φ(uₜ),  vₜ = V sₜ + c,  oₜ = g(vₜ)',
    'uₜ = U xₜ + W oₜ₋₁ + b，sₜ = φ(uₜ)，vₜ = V sₜ + c，oₜ = g(vₜ)',
  ],
  lstm: ['cₜ = f∘cₜ₋₁ + i∘g,  hₜ = o∘tanh cₜ', 'cₜ = f∘cₜ₋₁ + i∘g，hₜ = o∘tanh cₜ'],
  gru: ['hₜ = (1−z)∘n + z∘hₜ₋₁', 'hₜ = (1−z)∘n + z∘hₜ₋₁'],
} as const;

export const m = translator(moment);
