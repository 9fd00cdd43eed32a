// What a person installs, made by electron-builder for real from a small tree that stands in for the packed program:
// each target twice, from trees of other dates and rights and in other folders, to the same bytes, and looked into with
// the system's own tools. AppImages want mksquashfs (squashfs-tools) and desktop-file-validate (desktop-file-utils);
// menu entry and kind of file are judged by desktop-file-validate, xmllint and update-mime-database, where they are.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { makeIcons } from '../../build/release/icons.ts'
import { packTarget, systemTools } from '../../build/release/pack.ts'
import { makeStub } from '../../build/release/stub-electron.ts'

const run = promisify(execFile)
const epoch = 1_764_400_000 // seconds
const root = join(import.meta.dirname, '..', '..')

describe.runIf(process.platform === 'linux')('what is installed', () => {
  let scratch = ''
  let tools: string | null = null
  const targets = ['tar.gz', 'AppImage', 'deb']
  const built: string[] = []

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'basil-release-'))
    tools = systemTools(join(scratch, 'tools'))
    if (!tools) console.warn('SKIPPED: no AppImage is made, mksquashfs or desktop-file-validate is not installed')
    await makeIcons()
    for (const name of ['one', 'two and a space']) built.push(await buildIn(join(scratch, name)))
  })
  afterAll(() => rm(scratch, { recursive: true, force: true }))

  async function buildIn(folder: string): Promise<string> {
    const [tree, out] = [join(folder, 'tree'), join(folder, 'out')]
    makeStub(tree)
    await mkdir(join(tree, 'resources', 'engine'), { recursive: true })
    for (const name of ['b', 'a', 'c']) await writeFile(join(tree, 'resources', 'engine', `${name}.json`), name)
    await writeFile(join(tree, 'basil'), '#!/bin/sh\n')
    await chmod(join(tree, 'basil'), 0o755)
    if (built.length > 0) {
      await chmod(join(tree, 'resources', 'engine', 'a.json'), 0o600)
      await utimes(join(tree, 'resources', 'engine'), 5, 5)
    }
    for (const target of targets.filter((one) => one !== 'AppImage' || tools))
      await packTarget(target, tree, { out, epoch, tools })
    return out
  }

  const made = async (ending: string): Promise<string> => {
    const names = await readdir(built[0] ?? '')
    return join(built[0] ?? '', names.find((name) => name.endsWith(ending)) ?? ending)
  }
  const said = async (tool: string, ...args: string[]): Promise<string> => (await run(tool, args)).stdout
  /** What the tool says; null where there is none. Throws when it finds a fault. */
  const judged = (tool: string, ...args: string[]): Promise<string | null> =>
    said(tool, ...args).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
  /** The files of the package of Debian's. */
  async function unpacked(): Promise<string> {
    const target = join(scratch, 'unpacked')
    await run('dpkg-deb', ['--extract', await made('.deb'), target])
    return target
  }

  it('is the same bytes each time', async () => {
    const sums = (folder: string) =>
      Promise.all(
        targets.map(async (target) => {
          const name = (await readdir(folder)).find((one) => one.endsWith(target))
          return (
            name &&
            createHash('sha256')
              .update(await readFile(join(folder, name)))
              .digest('hex')
          )
        }),
      )
    const [one, two] = await Promise.all(built.map(sums))
    expect(two).toEqual(one)
    expect(one?.filter(Boolean)).toHaveLength(tools ? 3 : 2)
  })
  it('as a package of Debian’s has its icon in every size, its menu entry, its kind of file and what it needs', async () => {
    const file = await made('.deb')
    const control = await said('dpkg-deb', '--info', file)
    for (const line of ['Package: basil', 'Architecture: ', 'Depends: ', 'libc6 (>= 2.34)', 'postinst', 'md5sums'])
      expect(control).toContain(line)
    for (const library of ['libgbm1', 'libasound2']) expect(control).toContain(library) // a bare system has neither
    const inside = await said('dpkg-deb', '--contents', file)
    for (const size of [16, 32, 48, 64, 128, 256, 512, 1024])
      expect(inside).toContain(`./usr/share/icons/hicolor/${size}x${size}/apps/basil.png`)
    expect(inside).toMatch(/^-rwxr-xr-x root\/root .* \.\/opt\/Basil\/basil$/m)
    expect(inside).toMatch(/^-rw-r--r-- root\/root .* \.\/opt\/Basil\/resources\/engine\/a\.json$/m)
    const target = await unpacked()
    const entry = await readFile(join(target, 'usr/share/applications/basil.desktop'), 'utf8')
    expect(entry).toContain('MimeType=application/x-safetensors;x-scheme-handler/basil;')
    expect(entry).toContain('Exec=/opt/Basil/basil %U')
    const kinds = await readFile(join(target, 'usr/share/mime/packages/basil.xml'), 'utf8')
    expect(kinds).toContain('<glob pattern="*.safetensors"/>')
    expect((await stat(join(target, 'opt/Basil/basil'))).mtimeMs / 1000).toBe(epoch)
  })
  it('has a menu entry that the desktop takes', async ({ skip }) => {
    const entry = join(await unpacked(), 'usr/share/applications/basil.desktop')
    if ((await judged('desktop-file-validate', entry)) === null) skip('desktop-file-utils is not installed')
  })
  it('has a kind of file that is well formed, and that the system knows by its ending', async ({ skip }) => {
    const kinds = join(await unpacked(), 'usr/share/mime')
    const formed = await judged('xmllint', '--noout', join(kinds, 'packages/basil.xml'))
    if ((await judged('update-mime-database', kinds)) === null) return skip('shared-mime-info is not installed')
    expect(await readFile(join(kinds, 'globs2'), 'utf8')).toContain('50:application/x-safetensors:*.safetensors')
    if (formed === null) skip('xmllint (libxml2-utils) is not installed')
  })
  it('has icons of the sizes that their folders say', async () => {
    const folder = join(await unpacked(), 'usr/share/icons/hicolor')
    for (const size of await readdir(folder)) {
      const { format, width, height } = await sharp(join(folder, size, 'apps/basil.png')).metadata()
      expect([format, `${width}x${height}`]).toEqual(['png', size])
    }
  })
  it('as an archive has everything under one folder, owned by nobody in particular', async () => {
    const lines = (await said('tar', '--numeric-owner', '-tzvf', await made('.tar.gz'))).trim().split('\n')
    expect(lines.length).toBeGreaterThan(8)
    expect(lines.filter((line) => !/ 0\/0 .* basil-[\d.]+\//.test(line))).toEqual([])
  })
  it('as an AppImage starts with its sandbox on', async ({ skip }) => {
    if (!tools) return skip('no tools for AppImages')
    const { size } = await stat(join(tools, 'runtimes', `runtime-${process.arch}`))
    const at = ['-o', String(size), '-no-progress', '-dest', join(scratch, 'image'), await made('.AppImage')]
    await run('unsquashfs', at)
    const entry = await readFile(join(scratch, 'image', 'basil.desktop'), 'utf8')
    expect(entry).toContain('Exec=AppRun %U')
    expect(entry).not.toContain('--no-sandbox')
    expect(entry).toContain('x-scheme-handler/basil')
  })
  it('of other systems has its icons, and a configuration that electron-builder takes', async () => {
    const [ico, icns] = await Promise.all(
      ['icon.ico', 'icon.icns'].map((name) => readFile(join(root, 'out/icons', name))),
    )
    expect([ico?.readUInt16LE(2), ico?.readUInt16LE(4)]).toEqual([1, 6])
    expect([icns?.toString('latin1', 0, 4), icns?.readUInt32BE(4)]).toEqual(['icns', icns?.length])
    const config: unknown = JSON.parse(await readFile(join(root, 'build/electron-builder.json'), 'utf8'))
    expect(config).toMatchObject({
      win: { target: ['nsis'], icon: 'out/icons/icon.ico' },
      nsis: { oneClick: false, deleteAppDataOnUninstall: false },
      mac: { target: ['dmg'], icon: 'out/icons/icon.icns', hardenedRuntime: true },
      protocols: [{ schemes: ['basil'] }],
    })
  })
})
