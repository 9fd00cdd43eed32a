// What a run told of its images. A split that is opened again, because the run was resumed, replaces what was known of
// it; an opening of test data is a thing that happened and is added. The mark of test images that were seen before
// stands in the run's own row, where lists find it.
import type { RunId } from '../contract/branded.ts'
import type { Leak } from '../contract/data/leaks.ts'
import type { SplitManifest } from '../contract/data/manifest.ts'
import type { DataWait, TestOpening } from '../contract/run/run.ts'
import { sound } from './checksums.ts'
import { change, type History, rows, transaction } from './statement.ts'

const order = { training: 0, validation: 1, test: 2 }

/** Gives the run's mark as it is now. */
export function putManifest(history: History, run: RunId, manifest: SplitManifest): Leak[] {
  return transaction(history, () => {
    change(
      history,
      `INSERT INTO run_images (run, task, split, manifest) VALUES (:run, :task, :split, :manifest)
       ON CONFLICT (run, task, split) DO UPDATE SET manifest = excluded.manifest`,
      { run, task: manifest.task, split: manifest.split, manifest: JSON.stringify(manifest) },
    )
    const leaks = leaksIn(manifestsOf(history, run))
    change(history, 'UPDATE runs SET leaks = :leaks WHERE run = :run', {
      run,
      leaks: leaks.length ? JSON.stringify(leaks) : null,
    })
    return leaks
  })
}

/** Task by task in the order in which they were first opened, the training split first. */
export function manifestsOf(history: History, run: RunId): SplitManifest[] {
  const text = `SELECT manifest FROM run_images WHERE run = :run AND ${sound(history, 'run_images')} ORDER BY rowid`
  const found = rows<{ manifest: string }>(history, text, { run })
  const all = found.map(({ manifest }) => JSON.parse(manifest) as SplitManifest)
  const tasks = [...Map.groupBy(all, ({ task }) => task).values()]
  return tasks.flatMap((splits) => splits.sort((a, b) => order[a.split] - order[b.split]))
}

function leaksIn(manifests: readonly SplitManifest[]): Leak[] {
  return manifests.flatMap(({ task, split, count, shared = [] }) =>
    shared.flatMap((other) =>
      split === 'test' && other.split !== 'test'
        ? [{ task, split: other.split, images: other.images, of: count, unlabelled: other.unlabelled ?? false }]
        : [],
    ),
  )
}

export function parsedLeaks(leaks: string | null): Leak[] {
  return leaks === null ? [] : (JSON.parse(leaks) as Leak[])
}

export function putOpening(history: History, run: RunId, { task, images, opened }: TestOpening): void {
  change(history, 'INSERT INTO openings (opened, run, task, data) VALUES (:opened, :run, :task, :data)', {
    opened,
    run,
    task,
    data: images,
  })
}

/** Every time the run opened test data, oldest first: once a task, unless it was interrupted while it had it open. */
export function testOpeningsOf(history: History, run: RunId): TestOpening[] {
  const text = `SELECT task, data AS images, opened FROM openings WHERE run = :run AND ${sound(history, 'openings')} ORDER BY opening`
  return rows<TestOpening>(history, text, { run })
}

export function putDataWait(history: History, run: RunId, wait: DataWait): void {
  change(history, 'UPDATE runs SET data_wait = :wait WHERE run = :run', { run, wait: JSON.stringify(wait) })
}
