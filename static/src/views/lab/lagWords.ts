// The dictionary of the lag experiment, loaded with it.
import { translator } from '../../i18n';
import { lag } from '../../i18n/lag';

export const w = translator(lag);
