/** What long work there is; server/domain/operations/kinds.ts does it. */
export const operationKinds = ['export', 'restore', 'clone', 'purge', 'rotation'] as const
export type OperationKind = (typeof operationKinds)[number]

export const operationStates = ['queued', 'running', 'done', 'failed'] as const
export type OperationState = (typeof operationStates)[number]
