// What a preset reaches, in a few words.
import { number, percent, t } from '../i18n';
import type { Goal } from '../protocol/types';

export function goal({ epochs, accuracy, loss, perplexity, stays_below: below }: Goal): string {
  const figure =
    accuracy !== null
      ? t('presets.accuracy', { value: percent(accuracy, 0) })
      : below !== null
        ? t('presets.staysBelow', { value: percent(below, 0) })
        : perplexity !== null
          ? t('presets.perplexity', { value: number(perplexity, 1) })
          : t('presets.loss', { value: number(loss, 3) });
  return t('presets.reaches', { figure, epochs: number(epochs) });
}
