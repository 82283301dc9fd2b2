/* A shared object that is no plugin. */
int vt_not_a_plugin(void);

int vt_not_a_plugin(void)
{
    return 0;
}
