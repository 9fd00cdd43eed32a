// The kernels of the wasm backend (AssemblyScript), compiled by build/kernels.mjs into out/kernels/*.wasm.
// Every kernel has the same signature, (job, tile, thread): `job` points at its arguments in the memory of
// tfjs-backend-wasm, `tile` is the piece of work to do, `thread` says which piece of scratch memory is free to use.
// A tile's result depends on nothing but the arguments, so results are the same for every number of threads.
// No static data, no stack in linear memory, no allocation: the memory belongs to tfjs' own heap.
export { activation, activationGradient } from './activation'
export { adamw } from './adamw'
export { attention, attentionGradient } from './attention'
export { columnSums, combineChunks } from './columns'
export { gemmDoubles, packDoubles, reflect, rotate, updateAndMultiply, substituteRows } from './doubles'
export { add, combine, compose, composeHalves, dot, dotHalves, sumParts } from './elementwise'
export { prepare } from './exponential'
export { gemm, packColumns } from './gemm'
export { layerNorm, layerNormGradient } from './layer-norm'
export {
  agree,
  countMagnitudes,
  differences,
  elect,
  keepByChance,
  moved,
  placeOfTied,
  scaleRows,
  sizesOfRows,
  trim,
  widenHalves,
} from './merging'
export { patchesOfBytes, patchesOfFloats } from './patches'
export { embedding, pickRows } from './rows'
export { activationTangent, attentionTangent, layerNormTangent } from './tangent'
