// Starts the page: one session, mounted once.
import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/base.css';
import { EMPTY, boot, readBoot } from './state/boot';
import { Session } from './state/session.svelte';
import App from './views/App.svelte';

readBoot();
const target = document.getElementById('app');
if (target) {
  const session = new Session(EMPTY);
  mount(App, { target, props: { session } });
  void session.guard(() => boot(session));
}
