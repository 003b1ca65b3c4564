// Texts of the stage and the frame of the page: { key: [English, 简体中文] }.
export const stage = {} as const;
