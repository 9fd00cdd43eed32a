// What electron-builder calls to make a Debian package, in the place of fpm, which wants a Ruby of its own and writes
// the hour into what it makes: fpm's options as electron-builder gives them, carried out by dpkg-deb, whose packages
// are the same bytes each time under SOURCE_DATE_EPOCH.
// Use: -s dir -t deb --name N --version V ... FOLDER/=/opt/Basil FILE=/usr/share/...
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { settle } from './settle.ts'

const alone = new Set(['--force', '--debug'])
const { options, places } = parsed(process.argv.slice(2))
const one = (name: string): string | undefined => options.get(name)?.[0]
if (one('-s') !== 'dir' || one('-t') !== 'deb') fail(`only packages of Debian's are made here, not ${one('-t')}`)

const stage = mkdtempSync(join(tmpdir(), 'basil-deb-'))
try {
  for (const { from, to } of places) {
    const target = join(stage, to)
    mkdirSync(dirname(target), { recursive: true })
    cpSync(from, target, { recursive: true, verbatimSymlinks: true })
  }
  const files = settle(stage, Number(process.env.SOURCE_DATE_EPOCH ?? 0))
  const control = join(stage, 'DEBIAN')
  mkdirSync(control)
  writeFileSync(join(control, 'control'), controlOf(bytesUnder(stage)))
  writeFileSync(join(control, 'md5sums'), files.map((file) => `${md5(join(stage, file))}  ${file}\n`).join(''))
  for (const [script, name] of [
    [one('--after-install'), 'postinst'],
    [one('--after-remove'), 'postrm'],
  ] as const) {
    if (script === undefined) continue
    cpSync(script, join(control, name))
    chmodSync(join(control, name), 0o755)
  }
  settle(control, Number(process.env.SOURCE_DATE_EPOCH ?? 0))
  const packing = [
    `-Z${one('--deb-compression') ?? 'xz'}`,
    '--root-owner-group',
    '--build',
    stage,
    one('--package') ?? '',
  ]
  const { status, stderr, error } = spawnSync('dpkg-deb', packing, { encoding: 'utf8' })
  if (status !== 0) fail(error ? `dpkg-deb: ${error.message}` : stderr)
} finally {
  rmSync(stage, { recursive: true })
}

function parsed(args: readonly string[]) {
  const options = new Map<string, string[]>()
  const places: { from: string; to: string }[] = []
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? ''
    if (alone.has(arg)) continue
    if (arg.startsWith('-')) options.set(arg, [...(options.get(arg) ?? []), args[++i] ?? ''])
    else {
      const at = arg.lastIndexOf('=')
      places.push({ from: arg.slice(0, at), to: arg.slice(at + 1) })
    }
  }
  return { options, places }
}

function controlOf(bytes: number): string {
  const [synopsis = '', ...rest] = (one('--description') ?? '').split('\n').map((line) => line.trim())
  const lines = {
    Package: one('--name'),
    Version: one('--version'),
    Architecture: one('--architecture'),
    Maintainer: one('--maintainer'),
    'Installed-Size': Math.ceil(bytes / 1024),
    Depends: options.get('-d')?.join(', '),
    Recommends: options.get('--deb-recommends')?.join(', '),
    Section: one('--category') ?? 'science',
    Priority: one('--deb-priority') ?? 'optional',
    Homepage: one('--url'),
    Description: [synopsis || one('--name'), ...rest.filter(Boolean).map((line) => ` ${line}`)].join('\n'),
  }
  return Object.entries(lines)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')
}

function bytesUnder(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + lstatSync(join(entry.parentPath, entry.name)).size, 0)
}

function md5(file: string): string {
  return createHash('md5').update(readFileSync(file)).digest('hex')
}

function fail(why: string): never {
  console.error(why)
  process.exit(1)
}
