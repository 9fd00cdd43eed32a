// The methods a run, its start or its iterations can be. To add one that learns in a way there is: one page, its card,
// and one line in this list; a new way of learning is one page and one line more, in engine/learning/ways. What follows
// by itself: the configuration's choices, defaults and checks, the JSON Schema, the form and the method's page beside
// it, "basil methods", resuming, recipes, and the shared suites. test/house/adding-a-method.test.ts adds one and counts.
import { adaMerging } from './adamerging.ts'
import { atlas } from './atlas.ts'
import { checkpoint } from './checkpoint.ts'
import { cmaEs } from './cma-es.ts'
import { dvBasi } from './dv-basi.ts'
import { merge } from './merge.ts'
import { taskArithmetic } from './task-arithmetic.ts'
import { ties } from './ties.ts'
import { variational } from './variational.ts'

export const methods = [taskArithmetic, ties, adaMerging, atlas, cmaEs, variational, merge, checkpoint, dvBasi] as const
