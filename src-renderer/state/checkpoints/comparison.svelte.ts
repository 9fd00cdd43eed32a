// What is being compared on screen: two models tensor by tensor, or a set against its pre-trained model.
import type { Compatibility, Difference } from '../../../src-main/contract/checkpoint.ts'
import type { MergeReport, SpectraChoice } from '../../../src-main/contract/merges/report.ts'
import { client } from '../../bridge.ts'
import { LongWork } from './long-work.svelte.ts'

export class Comparison {
  readonly work = new LongWork<Difference>()

  constructor(a: number, b: number) {
    void this.work.begin((signal) => client.library.compare({ a, b }, { signal }))
  }
}

export class CompatibilityCheck {
  readonly work = new LongWork<Compatibility>()

  constructor(pretrained: number, others: number[]) {
    void this.work.begin((signal) => client.library.compatible({ pretrained, others }, { signal }))
  }
}

/** A set layer by layer, where somebody asks for it. */
export class LayerReport {
  readonly work = new LongWork<MergeReport>()

  begin(pretrained: number, others: number[], spectra: SpectraChoice): void {
    void this.work.begin((signal) => client.library.mergeReport({ pretrained, others, spectra }, { signal }))
  }
}
