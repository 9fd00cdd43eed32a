// All kinds of jobs. A new one is a page in kinds/ (what it is asked for, what it needs, what it does), a line here, and
// its name in contract/api/jobs.ts; the queue, its list and the terminal then know it.
import type { Kind } from './kind.ts'
import { conversionKind } from './kinds/conversion.ts'
import { evaluationKind } from './kinds/evaluation.ts'
import { exportKind } from './kinds/export.ts'
import { headKind } from './kinds/head.ts'
import { mergeKind } from './kinds/merge.ts'
import { runKind } from './kinds/run.ts'
import { studyKind } from './kinds/study.ts'

type Parts = Parameters<typeof runKind>[0] &
  Parameters<typeof studyKind>[0] &
  Parameters<typeof evaluationKind>[0] &
  Parameters<typeof exportKind>[0] &
  Parameters<typeof mergeKind>[0] &
  Parameters<typeof conversionKind>[0] &
  Parameters<typeof headKind>[0]

export const kindsOf = (parts: Parts): Kind[] => [
  runKind(parts),
  studyKind(parts),
  evaluationKind(parts),
  exportKind(parts),
  mergeKind(parts),
  conversionKind(parts),
  headKind(parts),
]
