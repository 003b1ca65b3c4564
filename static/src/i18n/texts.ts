// Every dictionary of the page, one line each. Owns no wording.
import { builder } from './builder';
import { controls } from './controls';
import { data } from './data';
import { exchange } from './exchange';
import { health } from './health';
import { hand } from './hand';
import { labs } from './labs';
import { parts } from './parts';
import { presets } from './presets';
import { rules } from './rules';
import { scope } from './scope';
import { stage } from './stage';
import { why } from './why';

export const dictionaries = [
  builder,
  controls,
  data,
  exchange,
  health,
  hand,
  labs,
  parts,
  presets,
  rules,
  scope,
  stage,
  why,
] as const;

export const texts = {
  ...builder,
  ...controls,
  ...data,
  ...exchange,
  ...health,
  ...hand,
  ...labs,
  ...parts,
  ...presets,
  ...rules,
  ...scope,
  ...stage,
  ...why,
};
