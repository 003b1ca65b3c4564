// The texts of the view through time in the page's language.
import { translator } from '../../i18n';
import { time } from '../../i18n/time';

export const w = translator(time);
