# A Go program, static and with its own threads: bundles, minifies, makes source maps, names what is wrong.
mkdir /tmp/proof && cd /tmp/proof
cat > a.ts <<'T'
import { square, unused } from './b';
import data from './data.json';
enum Colour { Red, Green = 5, Blue }
interface Point { x: number; y?: number }
export const points: Point[] = data.map((x: number) => ({ x: square(x) }));
export class Counter<T> { #count = 0; static made = 0; constructor(private readonly value: T) { Counter.made++; } next = async () => (this.#count += Colour.Blue, this.value ?? null); }
console.log(points.reduce((sum, { x }) => sum + x, 0), Colour[5], new Counter('v'));
T
echo 'export const square = (x: number): number => x ** 2; export const unused = () => "dropped";' > b.ts; echo '[1, 2, 3.5]' > data.json
echo 'export const App = ({ name }) => <><b className="x">{name}</b><i {...name} /></>;' > c.jsx; echo '.a { color: red; & .b { margin: 0 } } @import "d.css";' > s.css; echo '.d{top:1px}' > d.css
esbuild --version; esbuild --bundle a.ts; esbuild --bundle --minify --sourcemap=inline --target=es2018 a.ts | md5sum; esbuild --bundle --minify --format=esm a.ts c.jsx s.css --outdir=out 2>&1 | sed 's/ *[0-9.]*[µm]*s$//' | grep -v Done; ls out; cat out/c.js out/s.css
esbuild a.ts --format=cjs | md5sum; echo 'let x: = 1' | esbuild --loader=ts 2>&1 | head -8; echo 'import "./none"' | esbuild --bundle 2>&1 | head -4
i=0; while [ $i -lt 60 ]; do echo "export const f$i = (a: number, b = [$i, ...'text']) => { for (const c of b) a += +c || $i; return a?.toString(36) ?? f$(((i + 7) % 60))(a); }" ; i=$((i + 1)); done > many.ts; esbuild --minify many.ts | md5sum
cd /; rm -r /tmp/proof
