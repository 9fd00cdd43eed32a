// All kinds of jobs. A new one is its name in contract/api/jobs.ts, a page in kinds/ (what it is asked for, what it
// needs, what it does), and a line here, which the types then ask for; the queue, its list and the terminal know it.
import type { Kinds } from './kind.ts'
import { adapterKind } from './kinds/adapter.ts'
import { basesKind } from './kinds/bases.ts'
import { conversionKind } from './kinds/conversion.ts'
import { evaluationKind } from './kinds/evaluation.ts'
import { exportKind } from './kinds/export.ts'
import { headKind } from './kinds/head.ts'
import { imageMergeKind } from './kinds/image-merge.ts'
import { mergeKind } from './kinds/merge.ts'
import { runKind } from './kinds/run.ts'
import { searchKind } from './kinds/search.ts'
import { studyKind } from './kinds/study.ts'
import { tuningKind } from './kinds/tuning.ts'

type Parts = Parameters<typeof runKind>[0] &
  Parameters<typeof tuningKind>[0] &
  Parameters<typeof studyKind>[0] &
  Parameters<typeof evaluationKind>[0] &
  Parameters<typeof exportKind>[0] &
  Parameters<typeof mergeKind>[0] &
  Parameters<typeof imageMergeKind>[0] &
  Parameters<typeof searchKind>[0] &
  Parameters<typeof conversionKind>[0] &
  Parameters<typeof adapterKind>[0] &
  Parameters<typeof basesKind>[0] &
  Parameters<typeof headKind>[0]

export const kindsOf = (parts: Parts): Kinds => ({
  run: runKind(parts),
  tuning: tuningKind(parts),
  study: studyKind(parts),
  evaluation: evaluationKind(parts),
  export: exportKind(parts),
  merge: mergeKind(parts),
  'image-merge': imageMergeKind(parts),
  search: searchKind(parts),
  conversion: conversionKind(parts),
  head: headKind(parts),
  adapter: adapterKind(parts),
  bases: basesKind(parts),
})
