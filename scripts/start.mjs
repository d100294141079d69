/** npm start: installs what is missing, builds image and page when they are missing or stale, serves, prints the URL. */
import { isFresh } from './fresh.mjs';
import { main, run, setUpForBuild } from './setup.mjs';

const say = (line) => console.log(`osv: ${line}`);

await main(async () => {
  setUpForBuild(say);
  run(['node', 'scripts/image.mjs']);
  const sources = ['src', 'public', 'index.html', 'vite.config.ts', 'package-lock.json'];
  if (!isFresh('dist/index.html', sources)) {
    say('building the page');
    run(['npm', 'run', '--silent', 'build']);
  }
  const { serve } = await import('./serve.mjs');
  const host = process.env.HOST ?? '127.0.0.1';
  const { url } = await serve({ folder: 'dist', host, port: Number(process.env.PORT ?? 8080) });
  say(`serving the page; open ${url}`);
});
