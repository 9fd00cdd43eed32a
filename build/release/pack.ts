// What a person installs, by electron-builder (build/electron-builder.json): first the tree, then each target from that
// same tree, one after the other, because a package of Debian's puts files of its own into it. Every date is the
// commit's, so that the same commit gives the same bytes. What electron-builder would call for .deb and .tar.gz is
// replaced by build/release/fpm.ts and gzip.ts, which need nothing that is fetched.
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

import { settle } from './settle.ts'

const root = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)
const largest = 2 ** 26 // bytes of what a tool prints

/** Who stands behind a package: Debian's want a page and a person. Said by who releases. */
export const who = (): { page: string; person: string } => ({
  page: process.env.BASIL_HOMEPAGE ?? 'https://basil.invalid',
  person: process.env.BASIL_MAINTAINER ?? 'Basil <basil@basil.invalid>',
})

interface Packing {
  from?: string // the project
  out: string
  epoch: number // seconds, of the commit
  updates?: string | undefined // where installed programs look for newer ones
  tools?: string | null | undefined // of AppImages; not there: electron-builder fetches them
}

/**
 * The unpacked tree of the project `from`, for this system; its folder.
 * electron: a folder that holds Electron's program; not there: electron-builder fetches it.
 */
export async function packTree({ electron, ...packing }: Packing & { electron?: string | undefined }): Promise<string> {
  const { out, epoch } = packing
  await build('dir', electron ? [`-c.electronDist=${electron}`] : [], packing)
  const folder = join(out, `linux${process.arch === 'x64' ? '' : `-${process.arch}`}-unpacked`)
  settle(folder, epoch)
  return folder
}

/** One target ('tar.gz', 'AppImage', 'deb') from that tree. */
export async function packTarget(target: string, tree: string, packing: Packing): Promise<void> {
  settle(tree, packing.epoch)
  await build(target, ['--prepackaged', tree], packing)
}

async function build(target: string, args: string[], { from = root, out, epoch, tools, updates }: Packing) {
  const { page, person } = who()
  const options = {
    'directories.output': out,
    'extraMetadata.homepage': page,
    'linux.maintainer': person,
    ...(updates && { 'publish.provider': 'generic', 'publish.url': updates }),
  }
  const given = Object.entries(options).map(([name, value]) => `-c.${name}=${value}`)
  const cli = join(from, 'node_modules', 'electron-builder', 'cli.js')
  const config = ['--config', 'build/electron-builder.json', '--publish', 'never']
  const own = mkdtempSync(join(tmpdir(), 'basil-pack-'))
  await run(process.execPath, [cli, '--linux', target, ...config, ...given, ...args], {
    cwd: from,
    maxBuffer: largest,
    env: {
      ...process.env,
      SOURCE_DATE_EPOCH: String(epoch),
      CUSTOM_FPM_PATH: program(own, 'fpm'),
      ELECTRON_BUILDER_7ZIP_PATH: program(own, 'gzip'),
      ...(tools && { APPIMAGE_TOOLS_PATH: tools }),
    },
  }).finally(() => rmSync(own, { recursive: true }))
}

/** A script of this folder as a program that can be called by its path. */
function program(folder: string, name: string): string {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dirname, `${name}.ts`)}" "$@"\n`)
  chmodSync(file, 0o755)
  return file
}

/**
 * A folder of tools for AppImages from those of this system, with a stand-in for the one that no system brings: the
 * program that an AppImage begins with. What is made with it can be looked into, and does not start. Null where
 * mksquashfs or desktop-file-validate is missing.
 */
export function systemTools(folder: string): string | null {
  const found = ['mksquashfs', 'desktop-file-validate'].flatMap((name) => {
    const path = onPath(name)
    return path === undefined ? [] : [{ name, path }]
  })
  if (found.length < 2) return null
  for (const name of ['runtimes', join('lib', process.arch)]) mkdirSync(join(folder, name), { recursive: true })
  for (const { name, path } of found) symlinkSync(path, join(folder, name))
  const runtime = join(folder, 'runtimes', `runtime-${process.arch}`)
  writeFileSync(runtime, `#!/bin/sh\n${'#'.repeat(4000)}\necho "this AppImage has no program of its own"; exit 1\n`)
  chmodSync(runtime, 0o755)
  return folder
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
}
