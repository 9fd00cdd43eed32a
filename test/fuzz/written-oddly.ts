// A configuration's text as nobody writes it: JSON and YAML with keys that stand twice, aliases of aliases, tags that
// other programs execute, merge keys, anchors inside of themselves, depth, and characters that are none of theirs.
import { stringify } from 'yaml'

import type { Draw } from './archive-mutants.ts'
import { drawn } from './archive-mutants.ts'
import type { Json } from './schema-values.ts'

/** A value as text: plainly, or (one in `odd`) with something of these. */
export function written(value: Json, form: 'json' | 'yaml', draw: Draw, odd: number): string {
  const plain = form === 'json' ? JSON.stringify(value, null, draw(3)) : stringify(value)
  if (draw(odd) !== 0) return plain
  const place = draw(plain.length + 1)
  const around = (text: string): string => plain.slice(0, place) + text + plain.slice(place)
  const common = [
    () => around(drawn(draw, ['\u0000', '\ufeff', '\u2028', '}', ']', '"', '\\', '\t', '//', '#'])),
    () => plain.slice(0, place),
    () => `${plain}${plain}`,
    () =>
      plain.replace(/-?\d+(\.\d+)?/, drawn(draw, ['1e999', '-1e999', 'NaN', 'Infinity', '0x1F', '01', '1_000', '.5'])),
    () => plain.replace(/"\w+":/, (key) => `${key} 1, ${key}`),
    () => plain.replace(/"\w+":/, '"__proto__": {"polluted": true}, $&'),
  ]
  return drawn(
    draw,
    form === 'json' ? [...common, () => deep('{"a":', '}', draw)] : [...common, ...ofYaml(plain, draw)],
  )()
}

const tags = [
  ...['!!js/function "function () { globalThis.executed = true }"', '!!js/regexp /a/', '!!js/undefined ""'],
  ...[
    '!!python/object/apply:os.system ["touch executed"]',
    '!!python/name:os.system',
    '!ruby/object:Gem::Requirement {}',
  ],
  ...[
    '!!binary "aGk="',
    '!!set {a, b}',
    '!!omap [a: 1]',
    '!!timestamp 2001-01-01',
    '!!int "1"',
    '!own {a: 1}',
    '!<tag:x> 1',
  ],
]

const ofYaml = (plain: string, draw: Draw): (() => string)[] => [
  () => plain.replace(/: .*/, `: ${drawn(draw, tags)}`),
  () => `${aliases(2 + draw(8))}${plain}`,
  () => `a: &a {b: *a}\n${plain}`,
  () => `base: &b {method: atlas, seed: 1}\n<<: *b\n${plain}`,
  () => `${plain}\n${plain.split('\n')[0]}`,
  () => `%YAML ${drawn(draw, ['9.9', '1.1', 'x'])}\n---\n${plain}`,
  () => `---\n${plain}\n---\n${plain}`,
  () => `? {complex: key}\n: 1\n${plain}`,
  () => plain.replace(/: .*/, ': &x *x'),
  () => plain.replace(/\n/, '\n\t'),
  () => `${plain}\ndeep: ${deep('[', ']', draw)}`,
]

/** Nine times nine times nine ... */
function aliases(levels: number): string {
  const lines = ['l0: &l0 [x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < levels; i++)
    lines.push(
      `l${i}: &l${i} [${Array(9)
        .fill(`*l${i - 1}`)
        .join(', ')}]`,
    )
  return `${lines.join('\n')}\n`
}

function deep(open: string, close: string, draw: Draw): string {
  const depth = 1 + draw(300)
  return `${open.repeat(depth)}1${close.repeat(depth)}`
}
