/**
 * Vite's part of the port door (DESIGN decision 11): builds the three scripts that live at a guest port's origin, each
 * whole in one file under a fixed name, and answers there with the bootstrap page in development.
 */
import { fileURLToPath } from 'node:url';
import { build, type Connect, type Plugin, type Rollup } from 'vite';

const SCRIPTS: Readonly<Record<string, string>> = {
  '/osv-door-worker.js': 'src/workers/door/door-worker.ts',
  '/osv-door-page.js': 'src/ui/door/door-page.ts',
  '/osv-door-shim.js': 'src/ui/door/door-shim.ts',
};

const GUEST_HOST = /^\d+\.localhost(:\d+)?$/;

export function portDoor(): Plugin {
  return {
    name: 'port-door',
    async generateBundle() {
      for (const [path, entry] of Object.entries(SCRIPTS)) {
        this.emitFile({ type: 'asset', fileName: path.slice(1), source: await bundle(entry) });
      }
    },
    configureServer(server) {
      server.middlewares.use(serveDoor);
    },
  };
}

const serveDoor: Connect.NextHandleFunction = (request, response, next) => {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const entry = SCRIPTS[path];
  if (entry !== undefined) {
    bundle(entry).then((code) => response.setHeader('Content-Type', 'text/javascript').end(code), next);
    return;
  }
  if (GUEST_HOST.test(request.headers.host ?? '')) {
    request.url = path === '/osv-door-here.svg' ? '/icon.svg' : '/osv-door.html';
  }
  next();
};

async function bundle(entry: string): Promise<string> {
  const result = (await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      write: false,
      target: 'es2023',
      lib: { entry: fileURLToPath(new URL(`../${entry}`, import.meta.url)), formats: ['iife'], name: 'osvDoor' },
    },
  })) as Rollup.RollupOutput[];
  const code = result[0]?.output[0].code;
  if (code === undefined) throw new Error(`${entry}: nothing was built`);
  return code;
}
