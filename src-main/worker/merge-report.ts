// The report of models before they are merged: what becomes of their tensors, by headers, and what is measured of them.
import type { Told } from '../contract/engine-api.ts'
import { BasilError, sentence } from '../contract/errors.ts'
import { fates } from '../contract/merges/plan.ts'
import type { MergeReport, MergeReportRequest } from '../contract/merges/report.ts'
import { mergeReportOf } from '../engine/measures/merge-report.ts'
import { openSource } from '../files/source.ts'
import { product, sum } from '../numbers/vectors.ts'
import { tensorsOf } from './merge-plan.ts'

export async function* mergeReport(request: MergeReportRequest): AsyncGenerator<Told<MergeReport>> {
  yield* mergeReportOf(request, await coverageOf(request), openSource)
}

/** A model that cannot be opened has no headers; why it cannot is also among the findings. */
async function coverageOf({ pretrained, vectors, missing }: MergeReportRequest): Promise<MergeReport['coverage']> {
  try {
    const [first = '', ...rest] = pretrained === null ? vectors : [pretrained, ...vectors]
    const tensors = await tensorsOf(first, rest, missing)
    return fates.flatMap((fate) => {
      const of = tensors.filter((one) => one.fate === fate)
      return of.length ? [{ fate, tensors: of.length, elements: sum(of.map(({ shape }) => product(shape))) }] : []
    })
  } catch (error) {
    if (!(error instanceof BasilError)) throw error
    return { skipped: sentence(error.record) }
  }
}
