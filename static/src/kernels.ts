// The kernel lab's own page: no run, no socket, nothing of the playground's weight.
import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/base.css';
import { App } from './state/app.svelte';
import { readBoot } from './state/boot';
import KernelLab from './views/lab/KernelLab.svelte';

readBoot();
const target = document.getElementById('app');
if (target) mount(KernelLab, { target, props: { app: new App() } });
