/** Makes what the timed programs work on, the same bytes everywhere: .cache/bench/data. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';

const FOLDER = '.cache/bench/data';
const TEXT_BYTES = 20_000_000;

export function makeData() {
  if (existsSync(`${FOLDER}/inserts.sql`)) return;
  mkdirSync(FOLDER, { recursive: true });
  const next = generator(42);
  writeFileSync(`${FOLDER}/text`, text(next));
  writeFileSync(`${FOLDER}/unit.c`, cSource(next));
  writeFileSync(`${FOLDER}/inserts.sql`, inserts(next));
}

/** 32 bits of a multiplicative generator. */
function generator(seed) {
  let state = BigInt(seed);
  return (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return Number((state >> 33n) % BigInt(below));
  };
}

/** Words by Zipf's law with dates and numbers in between: compresses like a log or a novel. */
function text(next) {
  const common = ['the', 'of', 'and', 'to', 'in', 'a', 'is', 'that', 'for', 'it'];
  const words = Array.from({ length: 4000 }, () =>
    Array.from({ length: 2 + next(9) }, () => 'etaoinshrdlucmfwypvbgkqjxz'[Math.min(next(26), next(26))]).join(''),
  );
  const parts = [];
  for (let size = 0; size < TEXT_BYTES;) {
    const kind = next(40);
    const word =
      kind === 0
        ? `${1900 + next(130)}-0${1 + next(9)}-1${next(10)}`
        : kind < 16
          ? common[next(common.length)]
          : words[Math.floor(words.length ** (next(10_000) / 10_000)) - 1];
    parts.push(word, kind % 13 === 5 ? '\n' : ' ');
    size += word.length + 1;
  }
  return parts.join('').slice(0, TEXT_BYTES);
}

/** A C file of 100 functions for the compiler proper. */
function cSource(next) {
  const lines = ['typedef unsigned int u32;', 'struct node { struct node *next; u32 key, values[8]; };'];
  for (let f = 0; f < 100; f++) {
    lines.push(
      `u32 f${f}(struct node *n, u32 a, u32 b) {`,
      `  u32 sum = ${next(1000)}u, table[16];`,
      `  for (u32 i = 0; i < 16; i++) table[i] = (a * ${1 + next(99)}u) ^ (b >> (i & ${next(31)}));`,
      '  for (; n; n = n->next) {',
      `    switch (n->key % ${3 + next(5)}) {`,
      `      case 0: sum += n->values[a & 7] * ${next(100)}u; break;`,
      `      case 1: sum ^= table[n->key & 15] << ${next(16)}; break;`,
      `      case 2: for (u32 i = 0; i < ${4 + next(5)}; i++) sum += n->values[i & 7] / (i + ${1 + next(9)}u); break;`,
      f > 0 ? `      default: sum += f${next(f)}(n->next, sum, b + 1);` : '      default: sum--;',
      '    }',
      '  }',
      '  return sum;',
      '}',
    );
  }
  return `${lines.join('\n')}\n`;
}

function inserts(next) {
  const lines = ['create table t(id integer primary key, name text, value real);', 'begin;'];
  for (let i = 0; i < 100_000; i++)
    lines.push(`insert into t values(${i},'n${next(1e6)}',${next(1e6)}.${next(1000)});`);
  lines.push('commit;', 'create index by_name on t(name);', 'select count(*), sum(value), min(name) from t;');
  return `${lines.join('\n')}\n`;
}
