import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/vite-plugin-svelte').SvelteConfig} */
export default {
  preprocess: vitePreprocess(),
  compilerOptions: {
    // Runes in our own files; a library's components decide for themselves.
    runes: ({ filename }) => (filename.includes('node_modules') ? undefined : true),
  },
};
