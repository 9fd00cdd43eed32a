// DARE (Yu et al., ICML 2024): each element of a task vector stays by chance, and what stays is scaled up:
//   m ~ Bernoulli(density),   tau_t <- m . tau_t / density
// mergekit scales by the L1 norm that each tensor had.
import { dare as card } from '../../../contract/merges/sparse/dare.ts'
import { type Chance, type Drawn, movedByChance, type Stretch, sizesByChance } from '../../devices/double/chances.ts'
import { onDoubles } from '../../devices/double/open.ts'
import { keepByChance, rowAt } from '../../devices/double/rows.ts'
import { giveBack, lend } from '../facts/buffers.ts'
import type { OnTaus } from '../facts/taus.ts'
import { merge, ownOf, type Part } from '../merge.ts'
import { masks, nameWords } from './mask.ts'
import { type InOneGo, sparsified } from './sparsified.ts'

const mostDrawn = 2 ** 25 // bytes of what is drawn that are kept

export const dare = merge(card, {
  by: 'slice',
  of: 'all',
  onDevice: true,
  prepare(sources, { density: ofAll, seed, ...asked }) {
    const chancesOf = (part: Part): Chance[] =>
      part.models.map((model, t) => {
        const density = ownOf(part, t, 'density', ofAll)
        return { density, by: asked.rescale === 'expectation' ? 1 / density : 1, name: nameWords(model, part.name) }
      })
    const stretchOf = ({ still, theirs, first }: Part): Stretch => ({ still, theirs, first, seed, stream: masks })
    const sparse =
      (part: Part): OnTaus =>
      (device, taus) => {
        for (const [t, { density, ...chance }] of chancesOf(part).entries())
          if (density <= 0) rowAt(device, taus, t).fill(0)
          else if (density < 1)
            keepByChance(device, taus, t, { seed, stream: masks, first: part.first, density, ...chance })
      }
    const drawn = new Map<string, Drawn>() // of parts whose norms are known and which are asked for next
    let room = mostDrawn
    const placeOf = ({ name, first, count }: Part): string => `${first} ${count} ${name}`
    const inOneGo: InOneGo = {
      sizes(part) {
        const found = onDoubles((device) => sizesByChance(device, stretchOf(part), chancesOf(part)))
        if (found && found.drawn.byteLength <= room) {
          drawn.set(placeOf(part), found.drawn)
          room -= found.drawn.byteLength
        }
        return found?.sizes ?? null
      },
      moved(part, scalings) {
        const known = drawn.get(placeOf(part))
        if (known && drawn.delete(placeOf(part))) room += known.byteLength
        const rows = chancesOf(part).map((chance, t) => ({
          factor: 1,
          weight: 1,
          divisor: 1,
          ...scalings[t],
          ...chance,
        }))
        const thetas = rows.map(() => lend(part.count))
        if (onDoubles((device) => movedByChance(device, stretchOf(part), rows, thetas, known)))
          return thetas.map((theta) => ({ theta }))
        giveBack(thetas)
        return null
      },
    }
    return sparsified(sources, asked, {}, sparse, inOneGo)
  },
})
