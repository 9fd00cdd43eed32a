// The worked study: four kinds of fine-tuning on eight real data sets, six starts, and what difference vectors add to
// each beside restarts and the longer run.
//   npm run study:worked -- --data FOLDER --backbone FILE [--out FOLDER] [--seeds 3] [--kinds standard,talos] [--small]
//   npm run study:worked -- --tables [--out FOLDER] [--page docs/study.md]
// FOLDER of --data holds an .npz a task (images.ts), FILE is what backbone.py writes. It may be ended at any time and
// begun again with the same command: what is done stays, and kinds may be measured in sittings and folders of their own
// (kept.ts). --tables alone writes docs/study.md's tables anew from what is there; --small takes a few steps of
// everything, to see that all of it works. An engine lies in OUT/home/engine where it is not the portable one:
//   BASIL_HOME=OUT/home npm run basil -- engine install --cpu
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { withWorkbench } from '../../src-main/cli/with.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { clock } from './clock.ts'
import { projectOf, writeImages } from './images.ts'
import { writePage } from './page.ts'
import { kinds, type Project, type Sizes, sizes, smallSizes } from './protocol.ts'
import { type Step, stepsOf } from './work.ts'

const { values: given } = parseArgs({
  options: {
    data: { type: 'string' },
    backbone: { type: 'string' },
    out: { type: 'string', default: 'out/study' },
    seeds: { type: 'string', default: '3' },
    kinds: { type: 'string', default: kinds.join() },
    small: { type: 'boolean', default: false },
    tables: { type: 'boolean', default: false },
    page: { type: 'string', default: join(import.meta.dirname, '..', '..', 'docs', 'study.md') },
  },
})
const out = resolve(given.out)
process.env.BASIL_HOME = join(out, 'home')

/** Images and where everything lies, made once. */
async function projectIn(folder: string, wanted: Sizes): Promise<Project> {
  const file = join(folder, 'project.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Project
  if (given.data === undefined || given.backbone === undefined) throw new Error('name --data and --backbone')
  mkdirSync(folder, { recursive: true })
  const classes = await writeImages(resolve(given.data), join(folder, 'images.safetensors'), wanted.images)
  const project = projectOf(folder, resolve(given.backbone), classes)
  writeFileSync(file, JSON.stringify(project, null, 2))
  return project
}

async function main(): Promise<void> {
  const wanted = given.small ? smallSizes : sizes
  const project = await projectIn(out, wanted)
  const wantedKinds = kinds.filter((kind) => given.kinds.split(',').includes(kind))
  const folderOf = (kind: string): string => {
    const folder = join(out, 'models', kind)
    mkdirSync(folder, { recursive: true })
    return folder
  }
  const study = { project, sizes: wanted, seeds: Number(given.seeds), kinds: wantedKinds, folderOf }
  await withWorkbench(false, !given.tables, async (workbench) => {
    if (!given.tables) await workThrough(workbench, stepsOf(study))
    await writePage(workbench, study, resolve(given.page))
  })
}

/** Tells where it is, what each step took, and what is left by what like steps took. */
async function workThrough(workbench: Workbench, steps: readonly Step[]): Promise<void> {
  const took = clock()
  const open = steps.filter((step) => !step.isDone(workbench))
  if (open.length < steps.length) console.log(`${steps.length - open.length} of ${steps.length} steps were done before`)
  for (const [i, step] of open.entries()) {
    const left = took.left(open.slice(i))
    const place = `${steps.length - open.length + i + 1} of ${steps.length}`
    console.log(`[${place}] ${step.name}${left ? `; ${left} left` : ''}`)
    console.log(`  ${await took.during(step, () => step.do(workbench))}`)
  }
}

await main()
