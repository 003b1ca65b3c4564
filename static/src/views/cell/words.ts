// The texts of the cell view in the page's language.
import { translator } from '../../i18n';
import { cell } from '../../i18n/cell';

export const w = translator(cell);
