// What a release holds of others': the packages that lie in the packed tree, those that were bundled into the window's
// pages, and Electron. Told as a bill of materials (CycloneDX 1.6, JSON) and as their licences, both from what is
// packed and package-lock.json alone, so that they are the same each time.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

import { z } from 'zod'

/** Development packages whose code the bundles hold, with all that they need; house tests hold the list. */
export const bundled = ['svelte', 'bits-ui', 'chart.js', '@lucide/svelte']

const largest = 200_000 // characters of one licence

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string().optional(),
      license: z.string().optional(),
      integrity: z.string().optional(),
      dependencies: z.record(z.string(), z.string()).optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
})
type Locked = z.infer<typeof lockSchema>['packages']

export interface Part {
  path: string // in the project, "node_modules/a"
  name: string
  version: string
  licence: string // SPDX
  integrity: string // npm's, "sha512-..."
  needs: string[] // paths
}

/** tree: the unpacked program; from: the project it was packed from. */
export function shipped({ tree, from }: { tree: string; from: string }): Part[] {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(from, 'package-lock.json'), 'utf8')))
  const known = new Map(Object.entries(packages).map(([path, { version }]) => [`${nameOf(path)}@${version}`, path]))
  const unpacked = join(tree, 'resources', 'app.asar.unpacked')
  const packed = packagesIn(unpacked).map((path) => {
    const { name, version } = identitySchema.parse(
      JSON.parse(readFileSync(join(unpacked, path, 'package.json'), 'utf8')),
    )
    const locked = known.get(`${name}@${version}`) // the packer lays packages otherwise than npm
    if (locked === undefined) throw new Error(`${path} is packed, and package-lock.json does not know it.`)
    return locked
  })
  const paths = new Set([...packed, ...closure(packages, bundled), 'node_modules/electron'])
  return [...paths].sort().flatMap((path) => {
    const entry = packages[path]
    if (!entry) return []
    const needs = needsOf(packages, path).filter((need) => paths.has(need))
    const { version = '', integrity = '' } = entry
    const licence = entry.license ?? licenceIn(textOf(join(from, path)))
    return [{ path, name: nameOf(path), version, licence, integrity, needs }]
  })
}

const identitySchema = z.object({ name: z.string(), version: z.string() })
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** Of a package that names none, by the text that it holds. */
const licenceIn = (text: string): string => (/^\W*(The )?MIT License/i.test(text) ? 'MIT' : 'unknown')

/** "node_modules/a", "node_modules/a/node_modules/@b/c": every folder of a package. */
function packagesIn(folder: string, path = 'node_modules'): string[] {
  if (!existsSync(join(folder, path))) return []
  return readdirSync(join(folder, path)).flatMap((name) => {
    const at = posix.join(path, name)
    if (name.startsWith('@') && !path.endsWith(name)) return packagesIn(folder, at)
    const own = existsSync(join(folder, at, 'package.json')) ? [at] : []
    return [...own, ...packagesIn(folder, posix.join(at, 'node_modules'))]
  })
}

/** With all that they need, as npm laid it. */
function closure(packages: Locked, names: readonly string[]): Set<string> {
  const found = new Set<string>()
  const waiting = names.map((name) => `node_modules/${name}`)
  for (let next = waiting.pop(); next; next = waiting.pop())
    if (!found.has(next)) {
      found.add(next)
      waiting.push(...needsOf(packages, next))
    }
  return found
}

/** Electron's own are for fetching it, and do not ship. */
function needsOf(packages: Locked, path: string): string[] {
  if (path === 'node_modules/electron') return []
  const { dependencies = {}, optionalDependencies = {} } = packages[path] ?? {}
  return Object.keys({ ...dependencies, ...optionalDependencies }).flatMap((name) => {
    for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
      const one = posix.join(at, 'node_modules', name)
      if (packages[one]) return [one]
      if (at === '') return []
    }
  })
}

const purlOf = ({ name, version }: Part): string => `pkg:npm/${name.replace('@', '%40')}@${version}`

interface Billed {
  parts: readonly Part[]
  from: string // the project, with its packages
  version: string
  epoch: number // seconds, of the commit
}

export function billOfMaterials({ parts, from, version, epoch }: Billed) {
  const components = parts.map((part) => ({
    type: part.name === 'electron' ? 'framework' : 'library',
    'bom-ref': part.path,
    ...{ name: part.name, version: part.version, purl: purlOf(part) },
    licenses: [/ (OR|AND) |[()]/.test(part.licence) ? { expression: part.licence } : { license: { id: part.licence } }],
    ...(part.integrity && { hashes: part.integrity.split(' ').map(hashOf) }),
    ...insideOf(part, from),
  }))
  const own = {
    type: 'application',
    'bom-ref': 'basil',
    name: 'basil',
    version,
    licenses: [{ license: { id: 'Apache-2.0' } }],
  }
  const bill = {
    ...{ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 },
    metadata: { timestamp: new Date(epoch * 1000).toISOString(), component: own },
    components,
    dependencies: [
      { ref: 'basil', dependsOn: parts.map(({ path }) => path) },
      ...parts.map(({ path, needs }) => ({ ref: path, dependsOn: needs })),
    ],
  }
  return { ...bill, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(bill))}` }
}

/** The libraries that a part was compiled of. */
function insideOf({ path }: Part, from: string) {
  const made = Object.entries(madeOf(join(from, path)).versions)
  const components = made.map(([name, version]) => ({ type: 'library', 'bom-ref': `${path}#${name}`, name, version }))
  return components.length > 0 ? { components } : {}
}

/** "sha512-BASE64" of npm's. */
function hashOf(integrity: string) {
  const [kind = '', digest = ''] = integrity.split('-')
  return { alg: kind.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') }
}

/** Version 8 of RFC 9562: a number made of the text, so that the same bill has the same one. */
function uuidOf(text: string): string {
  const hash = createHash('sha256').update(text).digest('hex')
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `a${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-')
}

interface Licensed {
  parts: readonly Part[]
  from: string
  person: string // who releases, and stands for the sources
}

/** One page with every licence, each text once, and what the LGPL asks for. */
export function licences({ parts, from, person }: Licensed): string {
  const texts = new Map<string, string[]>()
  for (const part of parts) {
    const text = textOf(join(from, part.path)) || `Its package holds no text; it says: ${part.licence}.`
    texts.set(text, [...(texts.get(text) ?? []), `${part.name} ${part.version} (${part.licence})`])
  }
  const basil = readFileSync(join(from, 'LICENSE'), 'utf8')
  const lesser = ['LGPL-3.0', 'GPL-3.0'].map((name) =>
    readFileSync(join(import.meta.dirname, 'texts', `${name}.txt`), 'utf8'),
  )
  const blocks = [
    `Basil is licensed under Apache-2.0:\n\n${basil}`,
    relinking({ parts, from, person }),
    ...[...texts].map(([text, names]) => `${names.join('\n')}\n\n${text}`),
    ...lesser,
  ]
  return `${blocks.map((block) => block.trim()).join(`\n\n${'='.repeat(100)}\n\n`)}\n`
}

function textOf(folder: string): string {
  if (!existsSync(folder)) return ''
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
  const read = files.sort().map((name) => readFileSync(join(folder, name), 'utf8').slice(0, largest))
  return read.join('\n\n').replaceAll('\r\n', '\n').trim()
}

/** What a part was compiled of, where it says so, "vips": "8.18.7", and under which licences, in its own words. */
function madeOf(folder: string): { versions: Record<string, string>; licences: string } {
  const read = (name: string): string =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : ''
  const versions = z.record(z.string(), z.string()).parse(JSON.parse(read('versions.json') || '{}'))
  const licences = /^## Licensing$([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(read('README.md'))?.[1]?.trim() ?? ''
  return { versions, licences }
}

/** Shared libraries under the LGPL: what they are, where their sources are, and how another takes their place. */
function relinking({ parts, from, person }: Licensed): string {
  const lesser = parts.filter(({ licence }) => /\bLGPL/.test(licence))
  return [
    'Libraries under the GNU Lesser General Public License, version 3 or later, whose text is at the end of this page:',
    ...lesser.map(({ name, version, path }) => `- ${name} ${version}, in resources/app.asar.unpacked/${path}/lib`),
    '',
    'They are shared libraries, files of their own outside of the archive, that sharp loads by name. You may change them:',
    'build libvips, give the library the same file name, and lay it in the place of ours (an AppImage is unpacked first,',
    'with --appimage-extract); nothing checks which one is loaded. Basil allows what the licence asks for: to change',
    'these libraries for your own use, and to reverse engineer in order to debug that.',
    '',
    'Sources: https://github.com/lovell/sharp-libvips has, for the version above, the recipe that built them and where it',
    'took the sources of each library below. Should any of it be gone from there, whoever released this package gives the',
    `corresponding sources to anybody who asks, at no charge, for as long as the package is offered: ${person}`,
    ...lesser.flatMap(({ path }) => {
      const { versions, licences } = madeOf(join(from, path))
      return ['', ...Object.entries(versions).map(([name, version]) => `  ${name} ${version}`), '', licences]
    }),
  ].join('\n')
}
