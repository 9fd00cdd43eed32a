// npm run release: all that a person installs and what belongs to it, from the commit at hand and nothing else. It is
// built twice, each time from a clone of its own in a folder of its own, and refused where one byte differs.
// Beside the packages lie SHA256SUMS, a bill of materials, the licences and what npm's audit said on that day.
// Use: npm run release [-- --once] [--stub] [--targets tar.gz,AppImage,deb] [--out dist/release]
// --stub: a stand-in for Electron and the AppImage's own program, where they cannot be fetched: nothing of it starts.
// ELECTRON_OVERRIDE_DIST_PATH: Electron's folder; APPIMAGE_TOOLS_PATH: electron-builder's appimage tools, unpacked.
// BASIL_ADDON: a compiled addon of native TensorFlow to bring, and doubles.node beside it, so that who installs them
// needs no compiler.
// BASIL_HOMEPAGE, BASIL_MAINTAINER: of the package of Debian's. BASIL_UPDATES (an address) and BASIL_UPDATE_KEY (a file
// with an Ed25519 private key): where installed programs look for newer ones, and what signs them; without both, none.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'

import { z } from 'zod'

import { publicKeyOf, releaseList } from './list.ts'
import { packTarget, packTree, systemTools, who } from './pack.ts'
import { billOfMaterials, licences, shipped } from './shipped.ts'
import { makeStub } from './stub-electron.ts'

const root = join(import.meta.dirname, '..', '..')
const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    stub: { type: 'boolean', default: false },
    targets: { type: 'string', default: 'tar.gz,AppImage,deb' },
    out: { type: 'string', default: join(root, 'dist', 'release') },
  },
})
const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
const say = (line: string): void => console.error(line)
const failureSchema = z.object({ stdout: z.string().default(''), message: z.string() })
const auditSchema = z.object({ metadata: z.object({ vulnerabilities: z.record(z.string(), z.number()) }) })
const packages = /\.(tar\.gz|AppImage|deb)$/

const epoch = Number(git('log', '-1', '--format=%ct'))
const commit = git('rev-parse', 'HEAD')
if (git('status', '--porcelain') !== '') say(`What is not committed is left out: this is ${commit.slice(0, 8)} alone.`)
if (values.stub) say('A STAND-IN for Electron: what is made here can be looked into, and does not start.')
if (who().page.endsWith('.invalid')) say('BASIL_HOMEPAGE and BASIL_MAINTAINER are not set: the package says so.')
const { BASIL_UPDATES: updates, BASIL_UPDATE_KEY: keyFile } = process.env
const key = updates && keyFile ? readFileSync(keyFile, 'utf8') : undefined
if (!key) say('BASIL_UPDATES and BASIL_UPDATE_KEY are not both set: the program will look for no newer version.')

interface Built {
  from: string // the clone
  out: string
  tree: string
}

const scratch = mkdtempSync(join(tmpdir(), 'basil-release-'))
try {
  const builds: Built[] = []
  for (const name of values.once ? ['first'] : ['first', 'second-time']) builds.push(await build(join(scratch, name)))
  const [first, second] = builds
  if (first && second) sameBytes(first.out, second.out)
  if (first) finish(first)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

/** folder: a new one. */
async function build(folder: string): Promise<Built> {
  const from = join(folder, 'basil')
  const out = join(folder, 'packed')
  mkdirSync(out, { recursive: true })
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, from])
  execFileSync('git', ['checkout', '--quiet', commit], { cwd: from })
  const run = (tool: string, ...args: string[]) =>
    execFileSync(tool, args, { cwd: from, stdio: ['ignore', 'ignore', 'inherit'] })
  run('npm', 'ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund')
  for (const script of ['build/build.mjs', 'build/release/icons.ts']) run(process.execPath, 'build/run.mjs', script)
  const { BASIL_ADDON: addon } = process.env
  if (addon)
    for (const name of ['tfjs_binding.node', 'doubles.node'])
      cpSync(join(dirname(addon), name), join(from, 'resources', 'engine', name))
  const stub = join(folder, 'electron')
  if (values.stub) makeStub(stub)
  const electron = values.stub ? stub : process.env.ELECTRON_OVERRIDE_DIST_PATH
  const tools = values.stub ? systemTools(join(folder, 'tools')) : undefined
  const tree = await packTree({ from, out, electron, epoch, updates: key && updates })
  writeFileSync(join(tree, 'LICENSES.txt'), licences({ parts: shipped({ tree, from }), from, person: who().person }))
  if (key) writeFileSync(join(tree, 'resources', 'update-key.pem'), publicKeyOf(key))
  for (const target of values.targets.split(',')) {
    await packTarget(target, tree, { from, out, epoch, tools, updates: key && updates })
    say(`${target}: made`)
  }
  return { from, out, tree }
}

function sameBytes(one: string, other: string): void {
  const sums = (folder: string) => new Map(packagesIn(folder).map((name) => [name, sha256(join(folder, name))]))
  const [a, b] = [sums(one), sums(other)]
  const differ = [...a].filter(([name, hash]) => b.get(name) !== hash).map(([name]) => name)
  if (differ.length > 0 || a.size !== b.size) throw new Error(`Two builds differ: ${differ.join(', ') || 'in number'}`)
  say(`Two builds are the same bytes: ${[...a.keys()].join(', ')}`)
}

function finish({ from, out, tree }: Built): void {
  rmSync(values.out, { recursive: true, force: true })
  mkdirSync(values.out, { recursive: true })
  const keep = (name: string, text: string): void => writeFileSync(join(values.out, name), text)
  for (const name of packagesIn(out)) cpSync(join(out, name), join(values.out, name))
  const { version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'))
  const parts = shipped({ tree, from })
  keep('sbom.cdx.json', `${JSON.stringify(billOfMaterials({ parts, from, version, epoch }), null, 2)}\n`)
  cpSync(join(tree, 'LICENSES.txt'), join(values.out, 'LICENSES.txt'))
  keep('audit.json', audited(from))
  const installable = packagesIn(values.out).filter((name) => !name.endsWith('.tar.gz'))
  const files = installable.sort().map((name) => join(values.out, name)) // an AppImage's name begins with a capital
  if (key && files.length > 0) keep('latest-linux.yml', releaseList({ version, files, epoch, key }))
  const names = readdirSync(values.out).sort()
  keep('SHA256SUMS', names.map((name) => `${sha256(join(values.out, name))}  ${name}\n`).join(''))
  say(`${values.out}: ${names.length + 1} files of ${commit.slice(0, 8)}`)
}

/** What npm knows today against what ships; that it could not be asked is written down as well. */
function audited(from: string): string {
  try {
    const told = execFileSync('npm', ['audit', '--omit=dev', '--json'], { cwd: from, encoding: 'utf8' })
    say('npm audit: nothing known against what ships')
    return told
  } catch (thrown) {
    const { stdout, message } = failureSchema.parse(thrown)
    const { metadata } = auditSchema.safeParse(parsed(stdout)).data ?? {}
    say(metadata ? `npm audit: ${JSON.stringify(metadata.vulnerabilities)}` : 'npm audit: the registry did not answer')
    return metadata ? stdout : `${JSON.stringify({ answered: false, said: stdout || message }, null, 2)}\n`
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function packagesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => packages.test(name)) : []
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
