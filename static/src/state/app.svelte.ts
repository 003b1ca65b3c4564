// What belongs to the page and to no run: language, theme, size, notes, announcements.
import { lang, setLanguage, t, type Language } from '../i18n';
import { ApiError } from '../protocol/errors';
import type { Text } from '../protocol/types';
import { say } from '../i18n';

export type ThemeChoice = 'light' | 'dark' | 'auto';

export interface AppNote {
  id: number;
  kind: 'info' | 'warn' | 'bad' | 'good';
  title: string;
  body?: string;
  actions?: { label: string; run: () => void }[];
  /** What it is about, where it goes away by itself when that is over. */
  topic?: 'broken';
}

const THEME_KEY = 'theme';
const SIZE_KEY = 'size';
const NOTE_MS = 8000;

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

export class App {
  themeChoice = $state<ThemeChoice>('auto');
  large = $state(false);
  notes = $state.raw<AppNote[]>([]);
  /** The newest sentence for the live region. */
  announcement = $state('');
  #systemDark = $state(false);
  #nextNote = 1;

  readonly theme = $derived<'light' | 'dark'>(
    this.themeChoice === 'auto' ? (this.#systemDark ? 'dark' : 'light') : this.themeChoice,
  );

  constructor() {
    const theme = stored(THEME_KEY);
    if (theme === 'light' || theme === 'dark') this.themeChoice = theme;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    this.#systemDark = dark.matches;
    dark.addEventListener('change', () => (this.#systemDark = dark.matches));
    this.setLarge(stored(SIZE_KEY) === 'large');
    this.#showTheme();
  }

  setTheme(choice: 'light' | 'dark'): void {
    this.themeChoice = choice;
    store(THEME_KEY, choice);
    this.#showTheme();
  }

  #showTheme(): void {
    if (this.themeChoice === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = this.themeChoice;
  }

  setLarge(large: boolean): void {
    this.large = large;
    store(SIZE_KEY, large ? 'large' : 'normal');
    if (large) document.documentElement.dataset['size'] = 'large';
    else delete document.documentElement.dataset['size'];
  }

  /** The language of the texts, the address and the next visit. */
  setLanguage(language: Language): void {
    setLanguage(language);
    document.cookie = `language=${language};path=/;max-age=31536000;samesite=lax`;
    const path = location.pathname.replace(/^\/(en|zh)\//, `/${language}/`);
    history.replaceState(null, '', path + location.search + location.hash);
  }

  toggleLanguage(): void {
    this.setLanguage(lang() === 'en' ? 'zh' : 'en');
  }

  note(note: Omit<AppNote, 'id'>): void {
    const id = this.#nextNote++;
    const same = (other: AppNote) => other.title === note.title && other.body === note.body;
    this.notes = [...this.notes.filter((other) => !same(other)), { ...note, id }].slice(-4);
    if (note.kind === 'info' || note.kind === 'good') setTimeout(() => this.dismiss(id), NOTE_MS);
  }

  dismiss(id: number | string): void {
    this.notes = this.notes.filter((note) => note.id !== id);
  }

  /** What these notes were about is over. */
  over(topic: NonNullable<AppNote['topic']>): void {
    this.notes = this.notes.filter((note) => note.topic !== topic);
  }

  /** A failed request as a note. */
  failed(error: unknown): void {
    if (error instanceof ApiError) {
      const problem = error.problems[0];
      const body = problem ? say(problem.message) : undefined;
      const title = say(error.text);
      this.note({ kind: 'bad', title, ...(body && body !== title ? { body } : {}) });
      return;
    }
    console.error(error);
    this.note({ kind: 'bad', title: t('app.unexpected'), body: String(error) });
  }

  announce(text: string | Text): void {
    this.announcement = typeof text === 'string' ? text : say(text);
  }
}
