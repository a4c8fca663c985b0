/** The kinds of operations; server/domain/operations/kinds.ts implements them. */
export const operationKinds = ['export', 'restore', 'clone', 'purge', 'rotation', 'migration'] as const
export type OperationKind = (typeof operationKinds)[number]

export const operationStates = ['queued', 'running', 'done', 'failed'] as const
export type OperationState = (typeof operationStates)[number]
