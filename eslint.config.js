// Lint rules of the page, and its layering: each folder under static/src may import only what
// CONTRIBUTING.md draws.
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import { defineConfig } from 'eslint/config';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const FOLDERS = ['protocol', 'state', 'draw', 'parts', 'views'];

/** Rule for one folder: of our own folders only `allowed`; `typesFrom` for `import type` alone. */
function layer(folder, { allowed = [], typesFrom = [], packages }) {
  const patterns = FOLDERS.filter((name) => name !== folder && !allowed.includes(name)).map(
    (name) => ({
      regex: `^(\\.\\.?/)(.*/)?${name}(/|$)`,
      message: `static/src/${folder} may not import ${name} (CONTRIBUTING.md, layering).`,
      allowTypeImports: typesFrom.includes(name),
    }),
  );
  if (packages) {
    patterns.push({
      regex: `^(?!\\.)(?!${packages})`,
      message: `static/src/${folder} may import no package but ${packages}*.`,
    });
  }
  return {
    files: [`static/src/${folder}/**/*.{ts,svelte}`],
    ignores: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
  };
}

export default defineConfig(
  {
    ignores: [
      '.venv/',
      'node_modules/',
      'static/dist/',
      'build/',
      'dist/',
      'app/',
      '**/*.generated.ts',
    ],
  },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  ...svelte.configs.prettier,
  {
    languageOptions: { globals: globals.browser },
    rules: {
      'no-undef': 'off', // the TypeScript compiler's business
      'no-console': ['error', { allow: ['error'] }],
      eqeqeq: 'error',
      'max-lines-per-function': ['error', { max: 75 }], // 50 is where one asks whether it does one thing
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'svelte/no-at-html-tags': 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: {
        parser: ts.parser,
        svelteConfig,
        projectService: true,
        extraFileExtensions: ['.svelte'],
      },
    },
  },
  {
    // Rules that need types; an event or command that a switch forgets is an error.
    files: ['static/src/**/*.{ts,svelte}'],
    languageOptions: {
      parserOptions: { projectService: true, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  { files: ['**/*.test.ts'], rules: { 'max-lines-per-function': 'off' } }, // a suite is one function
  { files: ['*.config.{js,ts}', 'scripts/**'], languageOptions: { globals: globals.node } },
  layer('protocol', { allowed: [] }),
  layer('state', { allowed: ['protocol'] }),
  layer('draw', { allowed: [], packages: 'd3-' }),
  layer('parts', { allowed: ['draw', 'protocol'] }),
  layer('views', { allowed: ['state', 'parts', 'draw'], typesFrom: ['protocol'] }),
);
