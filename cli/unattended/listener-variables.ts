/**
 * Variables that say whom a run tells of its end. They are in no line, unit or list of processes: who knows the address of a
 * monitor can say that all is well. And they are not for the commands that a run starts, which would tell the same people again.
 */
export const listenerVariables: readonly string[] = ['PHOTOS_PING_URL', 'PHOTOS_ON_SUCCESS', 'PHOTOS_ON_FAILURE']
