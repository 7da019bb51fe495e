"""The science of the xmm arm: quality of XMM-Newton EPIC images."""
