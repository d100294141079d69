/**
 * Builds the disk images: `npm run image -- [NAME…]` (scripts/image.mjs bundles and runs this, with the repository as
 * cwd). An image whose inputs have not changed since it was built is left alone.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import lock from '../packages.lock.json' with { type: 'json' };
import type { Recipe } from '../recipe.ts';
import { RECIPES } from '../recipes.ts';
import { makeExt4 } from './ext4.ts';
import { TOOLCHAIN_PACKAGES } from './toolchain.ts';
import { layOut, listFiles } from './tree.ts';
import { type BootRecord, writeWireImage } from './wire.ts';

const CACHE = '.cache/images';

/** Where the chunks of a recipe go; those of the benchmarks are no part of the product. */
const PUBLISHED: Readonly<Record<Recipe['audience'], string | undefined>> = {
  page: 'public/images',
  bench: '.cache/bench/images',
  tests: undefined,
};

/** One entry of public/images/index.json. */
interface IndexEntry {
  readonly name: string;
  readonly title: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly wireBytes: number;
  readonly source: string;
  readonly licence: string;
  /** glibc's version on the image, '2.36': what a dropped program's needs are compared with. */
  readonly glibc: string;
  readonly layout: string;
}

/** What the build needs of its caller. */
export interface BuildHost {
  /** Tells the user. */
  readonly say: (line: string) => void;
  /** What a boot of the raw image reads; nothing when it does not boot. */
  readonly recordBoot: (image: string) => Promise<BootRecord>;
}

/** Builds what is missing or stale among `names` (none: those of the page). */
export async function buildImages(names: readonly string[], host: BuildHost): Promise<void> {
  const unknown = names.find((name) => !RECIPES.some((recipe) => recipe.name === name));
  if (unknown !== undefined) throw new Error(`there is no recipe for an image '${unknown}'`);
  for (const recipe of RECIPES) {
    const isWanted = names.length === 0 ? recipe.audience === 'page' : names.includes(recipe.name);
    if (isWanted) await buildImage(recipe, host);
  }
}

async function buildImage(recipe: Recipe, host: BuildHost): Promise<void> {
  const image = join(CACHE, `${recipe.name}.img`);
  const stampFile = join(CACHE, `${recipe.name}.stamp`);
  const stamp = inputsHash(recipe);
  const isFresh = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
  const folder = PUBLISHED[recipe.audience];
  if (isFresh && existsSync(image) && (folder === undefined || isListed(recipe, folder))) {
    utimesSync(image, new Date(), new Date()); // "checked now", for those who compare times only
    return;
  }
  host.say(`building the disk image '${recipe.name}' ...`);
  const tree = join(CACHE, `${recipe.name}.tree`);
  rmSync(tree, { recursive: true, force: true });
  layOut(recipe, tree, CACHE);
  makeExt4(tree, `${image}.new`, recipe.sizeBytes);
  const size = folder === undefined ? '' : `, ${await publish(recipe, `${image}.new`, folder, host)}`;
  renameSync(`${image}.new`, image);
  writeFileSync(stampFile, stamp);
  host.say(`built ${image}: ${listFiles(tree).length} files${size}`);
  if (recipe.audience === 'page') rmSync(tree, { recursive: true, force: true });
}

/** Cuts an image into the page's chunks and lists it. @returns its size in words */
async function publish(recipe: Recipe, image: string, folder: string, { recordBoot }: BuildHost): Promise<string> {
  const record = await recordBoot(image);
  const { layout, sha256, wireBytes } = writeWireImage(image, join(folder, recipe.name), record);
  const { name, title, source, licence } = recipe;
  const bytes = statSync(image).size;
  const glibc = lock.packages.libc6.version.split('-', 1)[0] ?? '';
  writeIndex(folder, { name, title, bytes, sha256, wireBytes, source, licence, glibc, layout: `${name}/${layout}` });
  return `${(wireBytes / 1e6).toFixed(1)} MB on the wire`;
}

function isListed(recipe: Recipe, folder: string): boolean {
  return readIndex(folder).some((entry) => entry.name === recipe.name);
}

/** A hash of everything an image is made from: its recipe, locked packages, program sources, copied files, and build/. */
function inputsHash(recipe: Recipe): string {
  const hash = createHash('sha256');
  const debian: Readonly<Record<string, unknown>> = lock.packages;
  const npm: Readonly<Record<string, unknown>> = lock.npm;
  const fromDebian = [...Object.keys(recipe.packages), ...TOOLCHAIN_PACKAGES].map((name) => debian[name]);
  const fromNpm = Object.values(recipe.npmFiles).map(([name]) => npm[name]);
  hash.update(JSON.stringify([recipe, fromDebian, fromNpm]));
  const sources = recipe.programs.flatMap((program) => program.sources.map((source) => dirname(source)));
  for (const path of new Set(['guest/images/build', ...sources, ...Object.values(recipe.copies)])) addToHash(path);
  return hash.digest('hex');

  function addToHash(path: string): void {
    if (!existsSync(path)) throw new Error(`the image '${recipe.name}' needs ${path}, which is not there`);
    const files = statSync(path).isDirectory() ? listFiles(path).map((file) => join(path, file)) : [path];
    for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(file));
  }
}

function readIndex(folder: string): readonly IndexEntry[] {
  const file = join(folder, 'index.json');
  if (!existsSync(file)) return [];
  return (JSON.parse(readFileSync(file, 'utf8')) as { images: readonly IndexEntry[] }).images;
}

function writeIndex(folder: string, entry: IndexEntry): void {
  mkdirSync(folder, { recursive: true });
  const entries = [...readIndex(folder).filter((other) => other.name !== entry.name), entry];
  const images = RECIPES.flatMap((recipe) => entries.filter((each) => each.name === recipe.name));
  const file = join(folder, 'index.json');
  writeFileSync(`${file}.new`, `${JSON.stringify({ format: 1, images }, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
