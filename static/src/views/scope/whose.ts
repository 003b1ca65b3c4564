// Whose pass is unfolded, in a sentence.
import { t } from '../../i18n';
import type { Session } from '../../state/session.svelte';

export function helpOf({ scope, samples }: Session): string {
  if (scope.whose === 'batch')
    return t('scope.batchHelp', { count: scope.samples, at: scope.position });
  const plain = t(samples.watched.kind === 'given' ? 'scope.drawnHelp' : 'scope.sampleHelp');
  return samples.warp ? `${plain} ${t('scope.unmoved')}` : plain;
}
