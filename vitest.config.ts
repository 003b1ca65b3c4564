// Unit tests of the page: Svelte's browser build, golden files shared with pytest. Views, texts and runes get a
// document (jsdom, which takes longer to start than most files run); the rest runs without one.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

const WITH_DOCUMENT = [
  'static/src/views/**/*.test.ts',
  'static/src/i18n/**/*.test.ts',
  'static/src/**/*.svelte.test.ts',
];
const shared = {
  isolate: false, // files share a process and its document: each leaves language, storage and body as they were
  restoreMocks: true,
  testTimeout: 30_000, // slow CI machines
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    passWithNoTests: false,
    projects: [
      {
        plugins: [svelte()],
        resolve: { conditions: ['browser'] },
        test: {
          ...shared,
          name: 'below the views',
          environment: 'node',
          include: ['static/src/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: WITH_DOCUMENT,
        },
      },
      {
        plugins: [svelte(), svelteTesting()],
        test: {
          ...shared,
          name: 'views',
          environment: 'jsdom',
          include: WITH_DOCUMENT,
        },
      },
    ],
  },
});
