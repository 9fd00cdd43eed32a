// The packed program: electron-builder runs for real, on Electron's own program where there is one, else on a stub that
// has nothing but the fuse wire. What it proves: the configuration's form, which files go in, what is unpacked, and the
// nine fuses (R13, with electrons-list.test.ts).
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { makeIcons } from '../../build/release/icons.ts'
import { packTree } from '../../build/release/pack.ts'
import { billOfMaterials, bundled, licences, shipped } from '../../build/release/shipped.ts'
import { makeStub } from '../../build/release/stub-electron.ts'
import { dataFolder } from '../../src-main/files/data-folder.ts'
import { currentEngine } from '../../src-main/files/engine-folder.ts'
import { migrations } from '../../src-main/history/migrate.ts'
import { openLink } from '../../src-main/workbench/link/engine-link.ts'
import { forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { tell } from '../faults/promises.ts'
import { testsSeen } from '../faults/tests-seen.ts'
import { isAtMost, newestNeeded } from './baseline.ts'

const root = join(import.meta.dirname, '..', '..')
const asar = join(root, 'node_modules', '@electron', 'asar', 'bin', 'asar.js')
const run = promisify(execFile)
const epoch = 1_764_400_000 // seconds
const dist = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(root, 'node_modules', 'electron', 'dist')
const real = process.platform === 'linux' && existsSync(join(dist, 'electron')) ? dist : null

type FuseName = Exclude<keyof typeof FuseV1Options, number>
const wantedFuses: [FuseName, 'ENABLE' | 'DISABLE'][] = [
  ['RunAsNode', 'DISABLE'],
  ['EnableCookieEncryption', 'ENABLE'],
  ['EnableNodeOptionsEnvironmentVariable', 'DISABLE'],
  ['EnableNodeCliInspectArguments', 'DISABLE'],
  ['EnableEmbeddedAsarIntegrityValidation', 'ENABLE'],
  ['OnlyLoadAppFromAsar', 'ENABLE'],
  ['LoadBrowserProcessSpecificV8Snapshot', 'DISABLE'],
  ['GrantFileProtocolExtraPrivileges', 'DISABLE'],
  ['WasmTrapHandlers', 'ENABLE'],
]

describe('the bundles', () => {
  it('hold the migrations beside main', async () => {
    expect(migrations(join(root, 'out', 'main', 'migrations'))).toEqual(migrations())
  })
  it("keep the engine out of the window's process, and the history out of the engine's", async () => {
    const [main, engine] = [await loadedFrom('main.js'), await loadedFrom('engine.js')]
    const images = await loadedFrom('images.js')
    const pickles = 'an opcode that checkpoints do not use' // of engine/formats/pytorch/pickle.ts
    const history = 'user_version' // of history/migrate.ts
    expect(engine.text).toContain(pickles)
    expect(main.text).not.toContain(pickles)
    expect(main.packages).not.toContainEqual(expect.stringMatching(/^@tensorflow|^sharp$|^hyparquet/))
    expect(main.text).toContain(history)
    expect(main.packages).toContain('better-sqlite3')
    for (const { text, packages } of [engine, images]) {
      expect(text).not.toContain(history)
      expect(packages).not.toContain('better-sqlite3')
    }
    expect(images.packages).toContain('sharp')
    expect(images.packages).not.toContainEqual(expect.stringMatching(/^@tensorflow/)) // a thread loads what it needs
  })
  it('hold an engine that starts and finds its kernels', async () => {
    expect(await engineName(join(root, 'out', 'main', 'engine.js'))).not.toBe('')
  })
  it('hold a preload that needs nothing but Electron', async () => {
    const preload = await readFile(join(root, 'out', 'preload', 'preload.cjs'), 'utf8')
    expect([...preload.matchAll(/require\("?'?([^"')]+)/g)].map(([, name]) => name)).toEqual(['electron'])
  })
})

describe.runIf(process.platform === 'linux')('the packed program', () => {
  let scratch = ''
  let inside: string[] = []
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'basil-pack-'))
    const electron = real ?? join(scratch, 'electron')
    if (!real) makeStub(electron)
    await makeIcons()
    await packTree({ out: join(scratch, 'dist'), electron, epoch })
    const { stdout } = await run(process.execPath, [asar, 'list', join(packed(), 'resources', 'app.asar')], {
      maxBuffer: 2 ** 26,
    })
    inside = stdout.split('\n')
  })
  afterAll(() => rm(scratch, { recursive: true, force: true }))
  const packed = () => join(scratch, 'dist', 'linux-unpacked')

  it('holds the bundles and what they import, and nothing of ours that is not needed', () => {
    const needed = [
      '/package.json',
      '/out/main/main.js',
      '/out/main/engine.js',
      '/out/main/images.js',
      '/out/main/migrations/0001-start.sql',
      '/out/preload/preload.cjs',
      '/out/renderer/index.html',
    ]
    const imported = [
      '/node_modules/zod/package.json',
      '/node_modules/@orpc/server/package.json',
      '/node_modules/@tensorflow/tfjs-core/package.json',
      '/node_modules/@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js', // native TensorFlow's side in JavaScript
      '/node_modules/@tensorflow/tfjs/dist/tf.node.js',
      '/node_modules/yauzl/index.js',
    ]
    for (const file of [...needed, ...imported]) expect(inside).toContain(file)
    const unwanted =
      /^\/(src-|test|build|docs)|\.ts$|\.map$|node-linux-[^/]+\/(include|share)\/|\/better-sqlite3\/(deps|src)\/|^\/node_modules\/(electron|vite|svelte|typescript)\//
    expect(inside.filter((file) => unwanted.test(file))).toEqual([])
    const bundles =
      /^\/node_modules\/@tensorflow\/tfjs(-converter|-data|-layers|-backend-webgl)?\/dist\/(?![\w.-]*\.node\.js$)/
    expect(inside.filter((file) => bundles.test(file))).toEqual([]) // for browsers, a hundred megabytes of them
  })
  it('holds everything that its own processes import: the engine starts from it', async () => {
    const out = join(scratch, 'extracted')
    await run(process.execPath, [asar, 'extract', join(packed(), 'resources', 'app.asar'), out])
    const { packages } = await loadedFrom('main.js')
    const names = packages.filter((name) => !/^(node:|electron$)/.test(name))
    expect(names.length).toBeGreaterThan(3)
    for (const name of names) expect(findPackageJSON(name, join(out, 'out', 'main', 'main.js'))).toContain(out)
    expect(await engineName(join(out, 'out', 'main', 'engine.js'), '')).toMatch(/^wasm/)
    const addon = process.env['BASIL_ADDON'] || currentEngine(dataFolder()).installed?.addon
    if (addon || process.env['NATIVE_REQUIRED'])
      expect(await engineName(join(out, 'out', 'main', 'engine.js'), addon)).toMatch(/^native/)
  })
  it('keeps addons, kernels and the sample as plain files', async () => {
    const unpacked = join(packed(), 'resources', 'app.asar.unpacked')
    await readFile(join(unpacked, 'node_modules', 'better-sqlite3', 'prebuilds', `linux-${process.arch}.node`))
    await readFile(join(unpacked, 'out', 'kernels', 'relaxed.wasm'))
    for (const file of ['wheels.json', 'self-test.json'])
      await readFile(join(packed(), 'resources', 'resources', 'engine', file))
    expect(inside.filter((file) => /prebuilds\/(darwin|win32)/.test(file))).toEqual([])
  })
  it("holds a plain Node that runs the engine outside of the archive, with WebGPU's binding for this system alone", async () => {
    const unpacked = join(packed(), 'resources', 'app.asar.unpacked')
    const node = join(unpacked, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
    const link = openLink(forkEngine(join(unpacked, 'out', 'main', 'engine.js'), { BASIL_ENGINES: 'wasm' }, node))
    try {
      expect(await link.ask(link.client.describe())).toMatchObject({ kind: 'wasm' })
    } finally {
      link.process.kill()
      await link.process.exited
    }
    const bindings = inside.filter((file) => /\/webgpu\/dist\/.*\.node$/.test(file))
    expect(bindings).toEqual([expect.stringContaining(`linux-${process.arch}`)])
  })
  it('loads on systems as old as docs/release.md says, file by file', async ({ skip }) => {
    const unpacked = join(packed(), 'resources', 'app.asar.unpacked', 'node_modules')
    const files = (await readdir(unpacked, { recursive: true })).filter((file) =>
      /\.node$|\.so[.\d]*$|bin\/node$/.test(file),
    )
    expect(files.length).toBeGreaterThan(4)
    const needed = await Promise.all(files.map((file) => newestNeeded(join(unpacked, file))))
    for (const { GLIBC = '9', GLIBCXX = '9' } of needed)
      expect([isAtMost(GLIBC, '2.34'), isAtMost(GLIBCXX, '3.4.30')]).toEqual([true, true])
    if (process.arch !== 'x64') return skip('the table is of x64')
    const told = (await readFile(join(root, 'docs', 'release.md'), 'utf8'))
      .split('\n')
      .flatMap((line) => /^\| (\S+) \| (2\.\d+) \| (3\.4\.\d+) \|$/.exec(line)?.slice(1).join(' ') ?? [])
    const rows = files.map((file, i) => `${file} ${needed[i]?.['GLIBC']} ${needed[i]?.['GLIBCXX']}`)
    expect(rows.toSorted()).toEqual(told.toSorted())
  })
  it('is told whole: every package in it is in the bill of materials, under a licence that is told with its text', () => {
    const parts = shipped({ tree: packed(), from: root })
    const names = parts.map(({ name }) => name)
    for (const name of ['electron', 'sharp', 'better-sqlite3', 'electron-updater', '@lucide/svelte', 'chart.js'])
      expect(names).toContain(name)
    const packedNames = inside.flatMap(
      (file) => /node_modules\/((?:@[^/]+\/)?[^/@]+)\/package\.json$/.exec(file)?.[1] ?? [],
    )
    expect(packedNames.filter((name) => !names.includes(name))).toEqual([])
    const carried =
      /^\(?(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|Python-2\.0|MPL-2\.0|LGPL-3\.0-or-later|Unlicense|CC0-1\.0|CC-BY-3\.0)\b/
    expect(parts.filter(({ licence }) => !carried.test(licence))).toEqual([])
    const told = { parts, from: root, version: '0.1.0', epoch }
    const bill = billOfMaterials(told)
    expect(JSON.stringify(billOfMaterials(told))).toBe(JSON.stringify(bill))
    const libvips = bill.components.find(({ name }) => name.includes('sharp-libvips'))
    expect(libvips).toMatchObject({ components: expect.arrayContaining([expect.objectContaining({ name: 'glib' })]) })
    expect(bill).toMatchObject({
      bomFormat: 'CycloneDX',
      serialNumber: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
    })
    expect(bill.components).toHaveLength(parts.length)
    const page = licences({ parts, from: root, person: 'A Person <a@b.invalid>' })
    expect(parts.filter(({ name, version }) => !page.includes(`${name} ${version}`))).toEqual([])
    const lesser = [
      'lay it in the place of ours',
      'anybody who asks, at no charge',
      'A Person <a@b.invalid>',
      '  vips ',
    ]
    for (const text of ['GNU LESSER GENERAL PUBLIC LICENSE', ...lesser, '| librsvg       | LGPLv3'])
      expect(page).toContain(text)
  })
  it("tells of what the window's pages were bundled from", async () => {
    const { devDependencies }: { devDependencies: Record<string, string> } = JSON.parse(
      await readFile(join(root, 'package.json'), 'utf8'),
    )
    const sources = (await readdir(join(root, 'src-renderer'), { recursive: true })).filter((file) =>
      /\.(ts|svelte)$/.test(file),
    )
    const texts = await Promise.all(sources.map((file) => readFile(join(root, 'src-renderer', file), 'utf8')))
    const imported = texts.flatMap((text) =>
      [...text.matchAll(/from '((?:@[^/']+\/)?[^./'][^/']*)/g)].map(([, name = '']) => name),
    )
    const development = [...new Set(imported)].filter((name) => name in devDependencies)
    expect(development.toSorted()).toEqual(bundled.toSorted())
  })
  describe('has its fuse', () => {
    let began = 0
    beforeAll(() => {
      began = performance.now()
    })
    const seen = testsSeen()
    const what = real ? 'of a real program' : 'of a stub'
    afterAll(() => tell('R13', began, { ...seen(), besides: `fuses ${what}` }))
    it.each(wantedFuses)('%s %s', async (name, state) => {
      const wire = await getCurrentFuseWire(join(packed(), 'basil'))
      expect(wire[FuseV1Options[name]]).toBe(FuseState[state])
    })
  })
})

/** What running a bundle of out/main loads: its text with that of its chunks, and the packages they import. */
async function loadedFrom(entry: string): Promise<{ text: string; packages: string[] }> {
  const texts = new Map<string, string>()
  const waiting = [entry]
  const packages = new Set<string>()
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (texts.has(next)) continue
    const text = await readFile(join(root, 'out', 'main', next), 'utf8')
    texts.set(next, text)
    const [still, later] = [/^(?:import|export) (?:[^"]* from )?"([^"]+)";$/gm, /\bimport\("([^"]+)"\)/g]
    for (const [, name = ''] of [...text.matchAll(still), ...text.matchAll(later)])
      if (name.startsWith('./')) waiting.push(name.slice(2))
      else packages.add(name)
  }
  return { text: [...texts.values()].join('\n'), packages: [...packages] }
}

/** Starts a bundled engine under plain Node and asks what it is. */
async function engineName(entry: string, addon = process.env['BASIL_ADDON']): Promise<string> {
  const link = openLink(forkEngine(entry, { ...process.env, BASIL_ADDON: addon }))
  const { name } = await link.ask(link.client.describe())
  link.process.kill()
  await link.process.exited
  return name
}
