// Builds the page: static/src → static/dist with hashed names, and a manifest that the server reads.
// Development uses `vite build --watch` behind the real server (one origin), not Vite's own server.
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const inRepository = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: inRepository('static'),
  base: '/static/',
  plugins: [svelte({ configFile: inRepository('svelte.config.js') })],
  build: {
    outDir: inRepository('static/dist'),
    emptyOutDir: true,
    manifest: true, // static/dist/.vite/manifest.json; keys "src/main.ts", "src/docs.ts", "src/kernels.ts", "src/pages.ts"
    target: 'es2022',
    assetsInlineLimit: 0, // the content security policy allows no data: URLs
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2500, // Swagger UI, on /docs only
    rollupOptions: {
      input: {
        main: inRepository('static/src/main.ts'),
        docs: inRepository('static/src/docs.ts'),
        kernels: inRepository('static/src/kernels.ts'),
        pages: inRepository('static/src/pages.ts'),
      },
    },
  },
});
