// Unit tests of the page: jsdom, Svelte's browser build, golden files shared with pytest.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  test: {
    environment: 'jsdom',
    include: ['static/src/**/*.test.ts', 'tests/**/*.test.ts'],
    restoreMocks: true,
    maxWorkers: 2,
    testTimeout: 30_000, // slow CI machines
    passWithNoTests: false,
  },
});
