import type { ColdTier, Executor, ExecutorServices } from '../executor.ts';
import { JsBackend, type JsLink } from './js-backend.ts';
import { TranslatingExecutor, type TranslationOptions } from './translating-executor.ts';
import { WasmBackend, type WasmLink } from './wasm-backend.ts';

/** The executor that compiles warm code for `engine` and leaves the rest to `cold`. */
export function createTranslator(
  engine: 'js' | 'wasm',
  services: ExecutorServices,
  cold: ColdTier,
  options?: TranslationOptions,
): Executor {
  if (engine === 'js') {
    return new TranslatingExecutor<JsLink>(services, cold, (links) => new JsBackend(services, links), options);
  }
  return new TranslatingExecutor<WasmLink>(services, cold, (links) => new WasmBackend(services, links), options);
}
