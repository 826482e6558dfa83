/*
 * The build: one small entry that opens the socket, one chunk with Epic's library.
 * Trap: vite preloads the chunks of dynamic imports only when they are imported, which here would
 * be after the socket; the plugin names them in the page itself, so that both load at once.
 */
import { defineConfig, type Plugin } from 'vite';

function preloadStreamChunk(): Plugin {
  return {
    name: 'preload-stream-chunk',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const links = Object.values(bundle ?? {})
          .filter((file) => file.type === 'chunk' && file.isDynamicEntry)
          .map((file) => `<link rel="modulepreload" href="./${file.fileName}">`);
        // async: run as soon as it is here, without waiting for the style sheet or the page's end
        return html
          .replace(/<script type="module" crossorigin/, '<script type="module" async')
          .replace(/<link rel="stylesheet" crossorigin/g, '<link rel="stylesheet"')
          .replace('</title>', `</title>${links.map((link) => `\n    ${link}`).join('')}`);
      },
    },
  };
}

export default defineConfig({
  base: './', // served under any path prefix
  build: {
    target: 'es2022',
    sourcemap: false,
    assetsInlineLimit: 0, // the page's policy allows no inlined scripts
    modulePreload: { polyfill: false, resolveDependencies: () => [] },
  },
  plugins: [preloadStreamChunk()],
  test: { environment: 'node', include: ['test/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);
