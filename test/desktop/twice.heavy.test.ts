// The bundles and kernels of this tree are the same bytes where the project lies elsewhere, under a longer name with a
// space in it, and was laid down at another hour. Of a release the rest is packing (release.heavy.test.ts).
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, expect, it } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const made = ['main', 'preload', 'renderer', 'kernels']
const sources = ['src-main', 'src-renderer', 'docs/guide', 'build', 'CHANGELOG.md', 'package.json']
sources.push('package-lock.json', 'tsconfig.json', 'electron.vite.config.ts')

// Names of packages in the bundles are as if node_modules lay in the copy.
const config = `import config from './electron.vite.config.ts'
for (const part of [config.main, config.preload, config.renderer]) part.resolve = { preserveSymlinks: true }
export default config
`

let scratch = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'a longer name for basil-'))
  for (const name of sources) await cp(join(root, name), join(scratch, name), { recursive: true })
  await symlink(join(root, 'node_modules'), join(scratch, 'node_modules'))
  await writeFile(join(scratch, 'elsewhere.config.ts'), config)
  const vite = ['node_modules/electron-vite/bin/electron-vite.js', 'build', '--config', 'elsewhere.config.ts']
  const steps = [vite, ['build/kernels.mjs']]
  await Promise.all(steps.map((args) => run(process.execPath, args, { cwd: scratch })))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

it.each(made)('out/%s is the same bytes from another folder', async (part) => {
  const sums = async (folder: string): Promise<string[]> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
    const told = files.sort().map(async (file) => {
      const sum = createHash('sha256').update(await readFile(file))
      return `${file.slice(folder.length)} ${sum.digest('hex')}`
    })
    return Promise.all(told)
  }
  const [one, other] = await Promise.all([root, scratch].map((from) => sums(join(from, 'out', part))))
  expect(one?.length).toBeGreaterThan(0)
  expect(other).toEqual(one)
})

it('the pages alone are the same bytes too, whatever environment they are built in', async () => {
  const pages = join(scratch, 'out', 'renderer', 'assets')
  const names = async () => (await readdir(pages)).sort()
  const before = await names()
  const env = { ...process.env, NODE_ENV: 'test' }
  await run(process.execPath, ['--preserve-symlinks', 'build/pages.ts'], { cwd: scratch, env })
  expect(await names()).toEqual(before) // each has the digest of its content
  expect(before.filter((name) => name.endsWith('.js'))).toHaveLength(1)
})
